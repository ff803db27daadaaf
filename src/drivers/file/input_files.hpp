#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

struct InputFile {
  std::filesystem::path path;  ///< absolute and normal, as the lock-down names it
  std::string shown;           ///< as messages and the filename column name it: relative when below the base folder
};

/// The path that a config's text names.
std::filesystem::path absolute_path(const StepContext& context, const std::string& text);
/// A path as messages show it.
std::string shown_path(const StepContext& context, const std::filesystem::path& path);

/// Throws unless `file` is a regular file that can be read and is not empty; `missing_hint` is for one that is not
/// there.
void check_readable(const InputFile& file, const std::string& missing_hint);

/// The files that `path` of the config names, globs expanded, each once, in the order of the config. Throws unless
/// every one is a regular file that can be read and is not empty.
std::vector<InputFile> input_files(const StepContext& context);

/// The file that an engine's message is about, if it names one.
const InputFile* file_in(std::string_view message, const std::vector<InputFile>& files);
/// What messages call the files of a step: "'data/a.csv'", or "'data/a.csv' and 2 more files".
std::string described(const std::vector<InputFile>& files);

/// An SQL expression over the engine's filename column `name` that gives InputFile::shown.
std::string shown_path_sql(const StepContext& context, const std::string& name);

}  // namespace spillway::drivers::file
