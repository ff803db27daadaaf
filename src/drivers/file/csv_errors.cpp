#include "drivers/file/csv_errors.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "drivers/file/csv_lost_rows.hpp"
#include "drivers/file/csv_records.hpp"
#include "drivers/file/mapped_file.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

/// Why a file cannot be read, and what to do.
struct Reason {
  std::string text;
  std::string hint;
};

constexpr std::string_view k_skip_hint = "set such rows apart with on_bad_rows: skip";

const CsvFile* find_file(const CsvPlan& plan, std::string_view message) {
  const std::string path = text_between(message, "\n  file = ", "\n").value_or("");
  const CsvFile* found = nullptr;
  for (const CsvFile& file : plan.files) {
    if (file.input.path == path) return &file;
    if (path.empty() && message.find(file.input.path.string()) != std::string_view::npos) found = &file;
  }
  return found;
}

std::string type_hint(const CsvPlan& plan, const std::string& column) {
  if (plan.declared.contains(column)) {
    return fmt::format("declare types: {{{}: VARCHAR}} and convert it in a SQL step, or {}", column, k_skip_hint);
  }
  return fmt::format(
      "its type was guessed from the first rows: declare types: {{{}: VARCHAR}}, or sample_rows: -1 to look at all "
      "rows",
      column);
}

Reason not_of_type(const CsvPlan& plan, const std::string& column, const std::string& value,
                   const std::string& carrier) {
  const StrictColumn* strict = plan.find(column);
  const std::string type = strict == nullptr ? carrier : strict->type.to_sql();
  return {fmt::format(", column '{}': '{}' is no {}", column, value, type), type_hint(plan, column)};
}

/// ", column 'comment'" of the quote that is broken in the record at `line`, where that can be found out.
std::string broken_column(const CsvPlan& plan, const CsvFile& file, std::uint64_t line) {
  if (!plan.format.is_plain(file.input)) return {};
  const MappedFile mapped(file.input.path);
  CsvRecords records(mapped.bytes(), plan.format);
  while (records.next()) {
    if (records.line() < line) continue;
    const std::optional<std::size_t> field = records.broken_field();
    if (!field || *field >= file.header.names.size()) return {};
    return fmt::format(", column '{}'", file.header.names[*field]);
  }
  return {};
}

/// What the engine says about one line, as it goes on behind "line 17".
Reason line_reason(const CsvPlan& plan, const CsvFile& file, std::uint64_t line, std::string_view message) {
  if (const auto expected = text_between(message, "\nExpected Number of Columns: ", " Found: ")) {
    const std::string found = text_between(message, " Found: ", "\n").value_or("");
    return {fmt::format(" has {} field{} instead of {}", found, found == "1" ? "" : "s", *expected),
            fmt::format("the delimiter is '{}'; {}", plan.format.delimiter, k_skip_hint)};
  }
  if (const auto column = text_between(message, "\nError when converting column \"", "\". Could not convert")) {
    const std::string value = text_between(message, "Could not convert string \"", "\" to '").value_or("");
    return not_of_type(plan, *column, value, text_between(message, "\" to '", "'").value_or("value of its type"));
  }
  if (message.find("unterminated quote") != std::string_view::npos) {
    return {broken_column(plan, file, line) + ": a quote is not closed, or closed too early",
            fmt::format("inside of quotes a {0} is written {1}{0}; {2}", plan.format.quote, plan.format.escape,
                        k_skip_hint)};
  }
  if (message.find("Invalid unicode") != std::string_view::npos) {
    return {fmt::format(" is not {}", plan.format.encoding),
            fmt::format("set encoding to what the file has (utf-8, utf-16 or latin-1), or {}", k_skip_hint)};
  }
  if (message.find("Maximum line size") != std::string_view::npos) {
    return {" is longer than 16 MB", "is a quote in it never closed?"};
  }
  return {": " + text_between(message, "\nOriginal Line: ", "").value_or(""), ""};
}

/// The engine gives up on a file whose lines end in several ways without saying where.
Reason mixed_line_ends(const CsvPlan& plan, const CsvFile& file) {
  Reason reason{"its lines end in several ways", "make them alike, for example by: sed -i 's/\\r$//' FILE"};
  if (!plan.format.is_plain(file.input)) return reason;
  const MappedFile mapped(file.input.path);
  CsvRecords records(mapped.bytes(), plan.format);
  std::string_view first_end;
  while (records.next()) {
    if (first_end.empty()) first_end = records.line_end();
    if (records.line_end().empty() || records.line_end() == first_end) continue;
    reason.text = fmt::format("line {} ends in another way than the lines before", records.line());
    return reason;
  }
  return reason;
}

Error about(const CsvFile& file, ErrorCode code, const Reason& reason) {
  return make_error(code, fmt::format("cannot read '{}': {}", file.input.shown, reason.text), reason.hint);
}

/// The first value that its column's type would lose.
std::optional<Error> find_lost_value(const CsvPlan& plan, engine::Connection& connection) {
  for (const CsvFile& file : plan.files) {
    const std::vector<LostRow> lost = find_lost_rows(
        connection, plan, file, 1, plan.skips_bad_rows ? ", parallel = false, ignore_errors = true" : "");
    if (lost.empty()) continue;
    Reason reason = not_of_type(plan, lost[0].column, lost[0].value, "");
    const bool has_line = lost[0].line != 0;
    reason.text =
        fmt::format("{} {}{}", has_line ? "line" : "row", has_line ? lost[0].line : lost[0].row, reason.text);
    return about(file, ErrorCode::bad_data, reason);
  }
  return std::nullopt;
}

/// What the engine's own text says about one file.
std::optional<Error> explain_file_error(const CsvPlan& plan, const Error& error) {
  const CsvFile* file = find_file(plan, error.message);
  if (file == nullptr) return std::nullopt;
  if (const auto line = text_between(error.message, "CSV Error on Line: ", "\n")) {
    const std::uint64_t number = parse_uint(*line).value_or(0);
    Reason reason = line_reason(plan, *file, number, error.message);
    reason.text = fmt::format("line {}{}", number, reason.text);
    return about(*file, ErrorCode::bad_data, reason);
  }
  if (error.message.find("reached an invalid state") != std::string::npos) {
    return about(*file, ErrorCode::bad_data, mixed_line_ends(plan, *file));
  }
  if (!error.message.starts_with("IO Error: ")) return std::nullopt;
  const std::string reason = without_error_type(first_line(error.message));
  return about(*file, error.code, {replace_all(reason, file->input.path.string(), file->input.shown), ""});
}

bool is_of_the_engine(std::string_view message) {
  constexpr std::array<std::string_view, 4> k_types{
      "Invalid Input Error: ", "Conversion Error: ", "IO Error: ", "Out of Range Error: "};
  return std::ranges::any_of(k_types, [&](std::string_view type) { return message.starts_with(type); });
}

}  // namespace

Error explain_csv(const CsvPlan& plan, engine::Connection& connection, Error error) {
  if (!is_of_the_engine(error.message) || error.code == ErrorCode::disk_full) return error;
  if (std::optional<Error> explained = explain_file_error(plan, error)) return *std::move(explained);
  if (error.message.starts_with("IO Error: ")) return error;
  try {
    if (std::optional<Error> lost = find_lost_value(plan, connection)) return *std::move(lost);
  } catch (const Exception& exception) {
    // The search met another fault in the files, which then is the better answer.
    if (std::optional<Error> explained = explain_file_error(plan, exception.error())) return *std::move(explained);
  }
  error.message = without_error_type(first_line(error.message));
  return error;
}

}  // namespace spillway::drivers::file
