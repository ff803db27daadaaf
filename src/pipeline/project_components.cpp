#include "pipeline/project_components.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "pipeline/spec_document.hpp"

namespace spillway::pipeline {

Diagnosed<ComponentCatalog> catalog_with(const std::vector<SpecFile>& project_specs) {
  ComponentCatalog catalog = ComponentCatalog::built_in();
  std::vector<Error> errors;
  for (const SpecFile& file : project_specs) {
    const auto json = read_spec(file.text, file.path, file.folder);
    if (!json) {
      std::ranges::copy(json.error(), std::back_inserter(errors));
      continue;
    }
    const std::string_view built_in = catalog.json_of(file.folder);
    if (built_in.empty()) {
      catalog.add(file.path, *json);
    } else if (built_in != json->dump()) {
      Error error = make_error(ErrorCode::invalid_pipeline,
                               fmt::format("component '{}' is built in: a project cannot change it", file.folder),
                               "give the component, and its folder, a name of its own");
      error.id = id_of(Code::built_in_component);
      error.location = Location{file.path, 0, 0};
      errors.push_back(std::move(error));
    }
  }
  if (!errors.empty()) return Diagnosis(std::move(errors));
  return catalog;
}

}  // namespace spillway::pipeline
