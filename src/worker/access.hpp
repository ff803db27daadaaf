#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/database.hpp"
#include "pipeline/component.hpp"

namespace spillway::worker {

/// Where a session's files are.
struct SessionPaths {
  std::string session_id;
  std::filesystem::path session_dir;      ///< absolute: the run directory
  std::filesystem::path base_dir;         ///< of the host, absolute: relative paths of step configs start here
  std::filesystem::path files_root = {};  ///< below it are the host's files, where this is another machine
};

/// The files that a step's config names, absolute and where they are here: patterns are expanded for what exists.
struct NamedFiles {
  std::string step_id;
  std::vector<std::filesystem::path> read;
  std::vector<std::filesystem::path> write;
};
/// Of every step whose config can be read: running one that cannot reports why.
std::vector<NamedFiles> named_files(const nlohmann::json& manifest, const SessionPaths& paths,
                                    const pipeline::ComponentCatalog& catalog);

/// What the engine may touch: the run's own artifacts, and each file that a step's config names, as it is and under
/// the temporary name through which a writer publishes it.
engine::AccessList access_list(const nlohmann::json& manifest, const SessionPaths& paths,
                               const pipeline::ComponentCatalog& catalog);

}  // namespace spillway::worker
