#include "worker/access.hpp"

#include <nlohmann/json.hpp>

#include "util/error.hpp"
#include "util/file.hpp"
#include "util/glob.hpp"
#include "worker/step_config.hpp"

namespace spillway::worker {
namespace fs = std::filesystem;
namespace {

void add_step(const nlohmann::json& step, const SessionPaths& paths, const pipeline::ComponentCatalog& catalog,
              engine::AccessList& access) {
  const pipeline::ComponentSpec* spec = catalog.find(step.value("driver", ""));
  if (spec == nullptr) return;
  const StepConfig step_config = read_step_config(paths.session_dir, step.value("cfg_path", ""));
  const pipeline::StepPaths named = pipeline::step_paths(*spec, step_config.config);
  const auto absolute = [&](const std::string& path) { return (paths.base_dir / path).lexically_normal(); };
  for (const std::string& pattern : named.read) {
    for (const fs::path& file : expand_glob(absolute(pattern).string())) access.files.push_back(file);
  }
  const std::string tag = paths.session_id + "-" + step.value("id", "");
  for (const std::string& path : named.write) {
    access.files.push_back(absolute(path));
    access.files.push_back(AtomicFile::temp_path_for(absolute(path), tag));
  }
}

}  // namespace

engine::AccessList access_list(const nlohmann::json& manifest, const SessionPaths& paths,
                               const pipeline::ComponentCatalog& catalog) {
  engine::AccessList access;
  access.directories.push_back(paths.session_dir / "artifacts");
  const auto steps = manifest.find("steps");
  if (steps == manifest.end() || !steps->is_array()) return access;
  for (const nlohmann::json& step : *steps) {
    try {
      add_step(step, paths, catalog, access);
    } catch (const std::exception&) {
      continue;  // exec_step meets the same mistake and reports it
    }
  }
  return access;
}

}  // namespace spillway::worker
