#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/file/input_files.hpp"
#include "drivers/file/strict_column.hpp"

namespace spillway::drivers::file {

/// Where in its file an object stands: as an element of one array, on a line of its own, or not yet known.
enum class JsonLayout { any, array, lines };

/// All that is decided before the rows of a step's JSON files are read.
struct JsonPlan {
  std::vector<InputFile> files;
  std::vector<StrictColumn> columns;  ///< of the frame, in its order, without the filename column
  std::set<std::string> declared;     ///< names of the columns whose type the config gives
  std::optional<std::string> filename_column;
  bool skips_bad_rows = false;
  JsonLayout layout = JsonLayout::any;
  std::uint64_t maximum_object_bytes = 0;
  std::string compression;

  const StrictColumn* find(std::string_view name) const;
  /// "read_json(…)" of some files; `columns` gives the types of the keys to read, `extra` more options, each with a
  /// comma in front.
  std::string read(const std::vector<InputFile>& some, std::string_view columns, std::string_view extra = {}) const;
  /// FROM item of one file's lines, for files that may hold bad ones: `number` counts them from 1, `line` is their
  /// text, NULL for a blank one, and `object` the JSON object it holds, NULL when it holds none.
  std::string objects(const InputFile& file) const;
};

/// SQL: a struct literal of the columns' carriers, as read_json takes it.
std::string carriers_sql(const std::vector<StrictColumn>& columns);
/// SQL: the value of a key of `object` as text; NULL when it is null or missing.
std::string text_of_key(const std::string& key);
/// SQL: the same as JSON.
std::string json_of_key(const std::string& key);

/// Looks at the files for their layout, their keys, and the types that the config does not declare. Errors are
/// already the user's.
JsonPlan plan_json(const StepContext& context);

}  // namespace spillway::drivers::file
