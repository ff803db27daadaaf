#include "worker/access.hpp"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "util/error.hpp"
#include "util/file.hpp"
#include "util/glob.hpp"
#include "worker/step_config.hpp"

namespace spillway::worker {
namespace fs = std::filesystem;
namespace {

std::optional<NamedFiles> files_of(const nlohmann::json& step, const SessionPaths& paths,
                                   const pipeline::ComponentCatalog& catalog) {
  const pipeline::ComponentSpec* spec = catalog.find(step.value("driver", ""));
  if (spec == nullptr) return std::nullopt;
  const StepConfig step_config = read_step_config(paths.session_dir, step.value("cfg_path", ""));
  const pipeline::StepPaths named = pipeline::step_paths(*spec, step_config.config);
  const auto absolute = [&](const std::string& path) {
    return below_root(paths.files_root, (paths.base_dir / path).lexically_normal());
  };
  NamedFiles files{step.value("id", ""), {}, {}};
  for (const std::string& pattern : named.read) {
    for (const fs::path& file : expand_glob(absolute(pattern).string())) files.read.push_back(file);
  }
  for (const std::string& path : named.write) files.write.push_back(absolute(path));
  return files;
}

}  // namespace

std::vector<NamedFiles> named_files(const nlohmann::json& manifest, const SessionPaths& paths,
                                    const pipeline::ComponentCatalog& catalog) {
  std::vector<NamedFiles> named;
  const auto steps = manifest.find("steps");
  if (steps == manifest.end() || !steps->is_array()) return named;
  for (const nlohmann::json& step : *steps) {
    try {
      if (auto files = files_of(step, paths, catalog)) named.push_back(std::move(*files));
    } catch (const std::exception&) {
      continue;  // exec_step meets the same mistake and reports it
    }
  }
  return named;
}

engine::AccessList access_list(const nlohmann::json& manifest, const SessionPaths& paths,
                               const pipeline::ComponentCatalog& catalog) {
  engine::AccessList access;
  access.directories.push_back(paths.session_dir / "artifacts");
  for (const NamedFiles& files : named_files(manifest, paths, catalog)) {
    access.files.insert(access.files.end(), files.read.begin(), files.read.end());
    for (const fs::path& path : files.write) {
      access.files.push_back(path);
      access.files.push_back(AtomicFile::temp_path_for(path, paths.session_id + "-" + files.step_id));
    }
  }
  return access;
}

}  // namespace spillway::worker
