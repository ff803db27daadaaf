#pragma once

#include <string>
#include <string_view>

#include "drivers/file/csv_plan.hpp"

namespace spillway::drivers::file {

/// What is wrong with one record of a CSV file.
struct CsvFault {
  enum class Kind { field_count, value, quote, encoding, line_length, other };
  Kind kind = Kind::other;
  std::string column;  ///< empty where it is the record's
  std::string text;    ///< "'x' is no BIGINT"
};

/// The fault that the engine describes, in an error or in its table of rejects.
CsvFault fault_in(const CsvPlan& plan, std::string_view engine_text);
/// A value that is not of its column's type.
CsvFault value_fault(const CsvPlan& plan, const std::string& column, const std::string& value);
/// What to do about it.
std::string hint_for(const CsvPlan& plan, const CsvFault& fault);

}  // namespace spillway::drivers::file
