#include "drivers/file/csv_errors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "drivers/file/csv_fault.hpp"
#include "drivers/file/csv_lost_rows.hpp"
#include "drivers/file/csv_records.hpp"
#include "drivers/file/mapped_file.hpp"
#include "drivers/file/read_error.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

const CsvFile* find_file(const CsvPlan& plan, std::string_view message) {
  const std::string path = text_between(message, "\n  file = ", "\n").value_or("");
  const CsvFile* found = nullptr;
  for (const CsvFile& file : plan.files) {
    if (file.input.path == path) return &file;
    if (path.empty() && message.find(file.input.path.string()) != std::string_view::npos) found = &file;
  }
  // What unpacks a file does not know its name.
  const bool names_none = message.starts_with("IO Error: ") && message.find('/') == std::string_view::npos;
  return found == nullptr && names_none && plan.files.size() == 1 ? &plan.files.front() : found;
}

/// The column of the quote that is broken in the record at `line`; empty where that cannot be found out.
std::string broken_column(const CsvPlan& plan, const CsvFile& file, std::uint64_t line) {
  if (!plan.format.is_plain(file.input)) return {};
  const MappedFile mapped(file.input.path);
  CsvRecords records(mapped.bytes(), plan.format);
  while (records.next()) {
    if (records.line() < line) continue;
    const std::optional<std::size_t> field = records.broken_field();
    return field && *field < file.header.names.size() ? file.header.names[*field] : std::string();
  }
  return {};
}

Error about(const CsvFile& file, ErrorCode code, const std::string& reason, std::string hint = {}) {
  return make_error(code, fmt::format("cannot read '{}': {}", file.input.shown, reason), std::move(hint));
}

Error about_record(const CsvPlan& plan, const CsvFile& file, const std::string& place, const CsvFault& fault) {
  const std::string column = fault.column.empty() ? "" : fmt::format(", column '{}'", fault.column);
  return about(file, ErrorCode::bad_data, fmt::format("{}{}: {}", place, column, fault.text), hint_for(plan, fault));
}

/// The engine gives up on a file whose lines end in several ways without saying where.
Error mixed_line_ends(const CsvPlan& plan, const CsvFile& file) {
  std::string reason = "its lines end in several ways";
  const MappedFile mapped(file.input.path);
  CsvRecords records(mapped.bytes(), plan.format);
  std::string_view first_end;
  while (plan.format.is_plain(file.input) && records.next()) {
    if (first_end.empty()) first_end = records.line_end();
    if (records.line_end().empty() || records.line_end() == first_end) continue;
    reason = fmt::format("line {} ends in another way than the lines before", records.line());
    break;
  }
  return about(file, ErrorCode::bad_data, reason, "make them alike, for example by: sed -i 's/\\r$//' FILE");
}

/// The first value that its column's type would lose.
std::optional<Error> find_lost_value(const CsvPlan& plan, engine::Connection& connection) {
  for (const CsvFile& file : plan.files) {
    const std::vector<LostRow> lost = find_lost_rows(
        connection, plan, file, 1, plan.skips_bad_rows ? ", parallel = false, ignore_errors = true" : "");
    if (lost.empty()) continue;
    const bool has_line = lost[0].line != 0;
    const std::string place = fmt::format("{} {}", has_line ? "line" : "row", has_line ? lost[0].line : lost[0].row);
    return about_record(plan, file, place, value_fault(plan, lost[0].column, lost[0].value));
  }
  return std::nullopt;
}

/// What the engine's own text says about one file.
std::optional<Error> explain_file_error(const CsvPlan& plan, const Error& error) {
  const CsvFile* file = find_file(plan, error.message);
  if (file == nullptr) return std::nullopt;
  if (const auto line = text_between(error.message, "CSV Error on Line: ", "\n")) {
    const std::string_view behind_line = std::string_view(error.message).substr(error.message.find('\n'));
    CsvFault fault = fault_in(plan, behind_line);
    if (fault.kind == CsvFault::Kind::quote) fault.column = broken_column(plan, *file, parse_uint(*line).value_or(0));
    return about_record(plan, *file, "line " + *line, fault);
  }
  if (error.message.find("reached an invalid state") != std::string::npos) return mixed_line_ends(plan, *file);
  if (!error.message.starts_with("IO Error: ")) return std::nullopt;
  const std::string reason = without_error_type(first_line(error.message));
  return about(*file, error.code, replace_all(reason, file->input.path.string(), file->input.shown));
}

}  // namespace

Error explain_csv(const CsvPlan& plan, engine::Connection& connection, Error error) {
  return explain_read_error(
      std::move(error), [&](const Error& of_engine) { return explain_file_error(plan, of_engine); },
      [&] { return find_lost_value(plan, connection); });
}

}  // namespace spillway::drivers::file
