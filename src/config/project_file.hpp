#pragma once

#include <map>
#include <string>
#include <vector>

#include "util/error.hpp"

namespace spillway::config {

/// A scalar of spillway.yaml, with its place for messages.
struct ProjectValue {
  std::string text;
  Location location;
};

/// The `settings` map of a project file; the keys are checked, the values are not. Empty for an empty file.
tl::expected<std::map<std::string, ProjectValue>, std::vector<Error>> read_project_settings(
    const std::string& text, const std::string& file_name);

}  // namespace spillway::config
