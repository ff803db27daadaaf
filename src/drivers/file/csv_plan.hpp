#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/file/csv_format.hpp"
#include "drivers/file/csv_header.hpp"
#include "drivers/file/strict_column.hpp"

namespace spillway::drivers::file {

struct CsvFile {
  InputFile input;
  CsvHeader header;
};

/// All that is decided before the rows of a step's CSV files are read.
struct CsvPlan {
  CsvFormat format;
  std::vector<CsvFile> files;
  std::vector<StrictColumn> columns;  ///< of the frame, in its order, without the filename column
  std::set<std::string> declared;     ///< names of the columns whose type the config gives
  std::optional<std::string> filename_column;
  bool skips_bad_rows = false;

  const StrictColumn* find(std::string_view name) const;
  /// The columns of the frame that the file has, in the frame's order.
  std::vector<StrictColumn> columns_of(const CsvFile& file) const;
  /// "read_csv(…)" of one file, its columns in their carrier types.
  std::string read(const CsvFile& file, std::string_view extra = {}) const;
};

/// Looks at the files: their headers, and a sample of their rows for the types that the config does not declare.
/// Errors are already the user's.
CsvPlan plan_csv(const StepContext& context);

}  // namespace spillway::drivers::file
