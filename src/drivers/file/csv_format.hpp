#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/file/input_files.hpp"
#include "drivers/file/strict_column.hpp"

namespace spillway::drivers::file {

/// How the CSV files of a step are written, as its config says.
struct CsvFormat {
  std::string delimiter;
  std::string quote;
  std::string escape;
  bool header = true;
  std::string encoding;
  std::string compression;
  std::vector<std::string> null_values;
  std::uint64_t skip_rows = 0;
  std::uint64_t maximum_line_bytes = 0;
  TextFormats formats;

  static CsvFormat from(const nlohmann::json& config);
  /// Whether the bytes of the file are its text: no compression, one byte a character of ASCII.
  bool is_plain(const InputFile& file) const;
};

struct CsvColumn {
  std::string name;
  std::string type;  ///< SQL
};

/// "read_csv(…)" of one file. `skip` counts the records and blank lines in front of the header; `extra` is more
/// options, each with a comma in front.
std::string read_csv(const InputFile& file, const CsvFormat& format, const std::vector<CsvColumn>& columns,
                     std::uint64_t skip, std::string_view extra = {});
/// The lines of one file, whatever they hold, as the only column `line`; blank ones are NULL.
std::string read_lines(const InputFile& file, const CsvFormat& format);

}  // namespace spillway::drivers::file
