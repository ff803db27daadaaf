#include "run/project_catalog.hpp"

#include <algorithm>

#include "pipeline/project_components.hpp"
#include "util/file.hpp"

namespace spillway::run {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_max_spec_bytes = std::uint64_t{1024} * 1024;

std::vector<fs::path> spec_files(const fs::path& components) {
  std::vector<fs::path> files;
  std::error_code status;
  for (fs::directory_iterator entry(components, status), end; !status && entry != end; entry.increment(status)) {
    std::error_code ignored;
    if (fs::is_regular_file(entry->path() / "spec.yaml", ignored)) files.push_back(entry->path() / "spec.yaml");
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

pipeline::Diagnosed<pipeline::ComponentCatalog> project_catalog(const fs::path& project) {
  std::vector<pipeline::SpecFile> specs;
  std::vector<Error> errors;
  for (const fs::path& path : spec_files(project / "components")) {
    if (auto text = read_file(path, k_max_spec_bytes)) {
      specs.push_back({path.string(), path.parent_path().filename().string(), std::move(*text)});
    } else {
      errors.push_back(std::move(text.error()));
    }
  }
  if (!errors.empty()) return pipeline::Diagnosis(std::move(errors));
  return pipeline::catalog_with(specs);
}

}  // namespace spillway::run
