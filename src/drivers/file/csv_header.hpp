#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/file/csv_format.hpp"
#include "engine/connection.hpp"

namespace spillway::drivers::file {

/// What the first lines of a CSV file say.
struct CsvHeader {
  std::vector<std::string> names;  ///< unique, not empty
  std::uint64_t skip = 0;          ///< records and blank lines in front of the header
};

/// Reads the names of a file's columns, or counts them when it has no header. Throws what read_csv would, and when
/// there is no line at all.
CsvHeader read_header(engine::Connection& connection, const InputFile& file, const CsvFormat& format);

/// Names as columns of one table: an empty one becomes column<place>, one that was there before gets _1, _2 and so
/// on.
std::vector<std::string> unique_names(std::vector<std::string> names);

}  // namespace spillway::drivers::file
