#include "drivers/file/csv_fault.hpp"

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using Kind = CsvFault::Kind;

constexpr std::string_view k_skip_hint = "set such rows apart with on_bad_rows: skip";

std::string type_hint(const CsvPlan& plan, const std::string& column) {
  if (plan.declared.contains(column)) {
    return fmt::format("declare types: {{{}: VARCHAR}} and convert it in a SQL step, or {}", column, k_skip_hint);
  }
  return fmt::format(
      "its type was guessed from the first rows: declare types: {{{}: VARCHAR}}, or sample_rows: -1 to look at all "
      "rows",
      column);
}

}  // namespace

CsvFault fault_in(const CsvPlan& plan, std::string_view engine_text) {
  if (const auto expected = text_between(engine_text, "Expected Number of Columns: ", " Found: ")) {
    const std::string found = text_between(engine_text, " Found: ", "\n").value_or("");
    return {Kind::field_count, "",
            fmt::format("{} field{} instead of {}", found, found == "1" ? "" : "s", *expected)};
  }
  if (const auto column = text_between(engine_text, "Error when converting column \"", "\". Could not convert")) {
    return value_fault(plan, *column,
                       text_between(engine_text, "Could not convert string \"", "\" to '").value_or(""));
  }
  if (engine_text.find("unterminated quote") != std::string_view::npos) {
    return {Kind::quote, "", "a quote is not closed, or closed too early"};
  }
  if (engine_text.find("Invalid unicode") != std::string_view::npos) {
    return {Kind::encoding, "", "it is not " + plan.format.encoding};
  }
  if (engine_text.find("Maximum line size") != std::string_view::npos) {
    return {Kind::line_length, "",
            fmt::format("it is longer than {} bytes", with_thousands(plan.format.maximum_line_bytes))};
  }
  return {Kind::other, "", first_line(engine_text)};
}

CsvFault value_fault(const CsvPlan& plan, const std::string& column, const std::string& value) {
  const StrictColumn* strict = plan.find(column);
  return {Kind::value, column,
          fmt::format("'{}' is no {}", value, strict == nullptr ? "value of its type" : strict->type.to_sql())};
}

std::string hint_for(const CsvPlan& plan, const CsvFault& fault) {
  switch (fault.kind) {
    case Kind::field_count:
      return fmt::format("the delimiter is '{}'; {}", plan.format.delimiter, k_skip_hint);
    case Kind::value:
      return type_hint(plan, fault.column);
    case Kind::quote:
      return fmt::format("inside of quotes a {0} is written {1}{0}; {2}", plan.format.quote, plan.format.escape,
                         k_skip_hint);
    case Kind::encoding:
      return fmt::format("set encoding to what the file has (utf-8, utf-16 or latin-1), or {}", k_skip_hint);
    case Kind::line_length:
      return "raise maximum_line_bytes, or see whether a quote is never closed";
    case Kind::other:
      break;
  }
  return {};
}

}  // namespace spillway::drivers::file
