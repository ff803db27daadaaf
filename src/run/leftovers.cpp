#include "run/leftovers.hpp"

#include <string>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/component.hpp"
#include "util/file.hpp"
#include "worker/access.hpp"

namespace spillway::run {
namespace fs = std::filesystem;

void remove_leftovers(const fs::path& run_dir, const nlohmann::json& manifest) {
  const std::string session_id = run_dir.filename().string();
  std::error_code ignored;
  fs::remove_all(run_dir / "tmp", ignored);
  std::vector<fs::path> leftovers{AtomicFile::temp_path_for(run_dir.parent_path() / "latest", session_id)};
  // Links are not followed: a worker may have made one.
  for (fs::recursive_directory_iterator entry(run_dir, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".tmp" || path.filename() == "stdout") leftovers.push_back(path);
  }
  const worker::SessionPaths paths{session_id, run_dir, run_dir.parent_path().parent_path()};
  for (const worker::NamedFiles& files :
       worker::named_files(manifest, paths, pipeline::ComponentCatalog::built_in())) {
    for (const fs::path& target : files.write) {
      leftovers.push_back(AtomicFile::temp_path_for(target, session_id + "-" + files.step_id));
    }
  }
  for (const fs::path& path : leftovers) fs::remove(path, ignored);
}

}  // namespace spillway::run
