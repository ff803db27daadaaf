#pragma once

#include <span>
#include <string_view>

namespace spillway::cli {

/// A file of the project that `spillway init` makes.
struct TemplateFile {
  std::string_view path;
  std::string_view text;
};

/// In the order in which a reader should meet them.
std::span<const TemplateFile> project_template();

}  // namespace spillway::cli
