#include "drivers/file/json_errors.hpp"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "drivers/file/mapped_file.hpp"
#include "drivers/file/read_error.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

Error about(const InputFile& file, const std::string& what, std::string hint = {}) {
  return make_error(ErrorCode::bad_data, fmt::format("cannot read '{}': {}", file.shown, what), std::move(hint));
}

std::string hint_for_lines(const JsonPlan& plan) {
  return plan.layout == JsonLayout::array ? "" : "a file with an object a line can be read with on_bad_rows: skip";
}

/// "line 17" or "record 17". The engine counts one too many where it could not parse.
std::optional<std::string> place_in(std::string_view message, std::uint64_t too_many) {
  for (const auto& [start, name] : {std::pair{" in line ", "line"}, std::pair{" in record/value ", "record"}}) {
    const std::string number = text_between(message, start, ":").value_or("");
    if (const auto value = parse_uint(number)) return fmt::format("{} {}", name, *value - too_many);
  }
  return std::nullopt;
}

std::optional<Error> explain_malformed(const JsonPlan& plan, const InputFile& file, std::string_view message) {
  const auto place = place_in(message, 1);
  if (message.find("Malformed JSON") == std::string_view::npos || !place) return std::nullopt;
  const std::string byte = text_between(message, ", at byte ", " ").value_or("?");
  const std::string behind_place = text_between(first_line(message), " in ", "").value_or("");
  const std::string reason = text_between(behind_place, ": ", "").value_or("it is no JSON");
  const std::string_view text = trim(reason);
  return about(file, fmt::format("{}, byte {}: {}", *place, byte, text.substr(0, text.find_last_not_of('.') + 1)),
               hint_for_lines(plan));
}

std::optional<Error> explain_transform(const InputFile& file, std::string_view message) {
  const auto place = place_in(message, 0);
  if (message.find("JSON transform error") == std::string_view::npos || !place) return std::nullopt;
  const std::string behind_place = text_between(first_line(message), " in ", "").value_or("");
  std::string reason = text_between(behind_place, ": ", "").value_or("");
  if (reason.starts_with("Expected OBJECT")) reason = "it is no object, and only objects have columns";
  constexpr std::size_t k_most = 200;
  if (reason.size() > k_most) reason = to_valid_utf8(reason.substr(0, k_most)) + " …";
  return about(file, fmt::format("{}: {}", *place, reason),
               "declare types: {column: JSON} where values differ in type");
}

std::optional<Error> explain_file_error(const JsonPlan& plan, const Error& error) {
  const InputFile* file = file_in(error.message, plan.files);
  if (file == nullptr) return std::nullopt;
  if (auto malformed = explain_malformed(plan, *file, error.message)) return malformed;
  if (auto transform = explain_transform(*file, error.message)) return transform;
  if (error.message.find("maximum_object_size") != std::string::npos) {
    return about(*file, fmt::format("an object is longer than {} bytes", with_thousands(plan.maximum_object_bytes)),
                 "raise maximum_object_bytes, or see whether a quote or a brace is never closed");
  }
  if (const auto line = text_between(error.message, "CSV Error on Line: ", "\n")) {
    return about(*file, fmt::format("line {} is not UTF-8, as JSON has to be", *line));
  }
  return about(*file, replace_all(without_error_type(first_line(error.message)), file->path.string(), file->shown));
}

/// The n-th line that is not blank, when the file has an object a line.
std::optional<std::uint64_t> line_of_record(const InputFile& file, std::uint64_t record) {
  const MappedFile mapped(file.path);
  std::string_view text = mapped.bytes();
  for (std::uint64_t line = 1; !text.empty(); ++line) {
    const std::string_view content = trim(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (content.empty() || --record > 0) continue;
    return content.starts_with('{') && content.ends_with('}') ? std::optional(line) : std::nullopt;
  }
  return std::nullopt;
}

/// The first value that its column's type would lose.
std::optional<Error> find_lost_value(const JsonPlan& plan, engine::Connection& connection) {
  std::string which;
  std::string value;
  for (const StrictColumn& column : plan.columns) {
    if (!column.is_converted()) continue;
    which += fmt::format(" WHEN {} THEN '{}'", column.is_lost(), replace_all(column.name, "'", "''"));
    value += fmt::format(" WHEN {} THEN {}", column.is_lost(), column.value);
  }
  if (which.empty()) return std::nullopt;
  for (const InputFile& file : plan.files) {
    const auto rows =
        connection.rows(fmt::format("SELECT * FROM (SELECT row_number() OVER () AS record, CASE{} END AS name, "
                                    "CASE{} END AS value FROM {}) AS lost "
                                    "WHERE name IS NOT NULL LIMIT 1",
                                    which, value, plan.read({file}, carriers_sql(plan.columns))));
    if (rows.empty()) continue;
    const std::uint64_t record = parse_uint(rows[0][0].value()).value_or(0);
    const std::optional<std::uint64_t> line = line_of_record(file, record);
    const StrictColumn& column = *plan.find(rows[0][1].value());
    return about(file,
                 fmt::format("{} {}, column '{}': '{}' is no {}", line ? "line" : "record", line.value_or(record),
                             column.name, rows[0][2].value_or(""), column.type.to_sql()),
                 plan.declared.contains(column.name)
                     ? fmt::format("declare types: {{{}: VARCHAR}} and convert it in a SQL step", column.name)
                     : "its type was guessed from the first objects: sample_rows: -1 looks at all of them");
  }
  return std::nullopt;
}

}  // namespace

Error explain_json(const JsonPlan& plan, engine::Connection& connection, Error error) {
  return explain_read_error(
      std::move(error), [&](const Error& of_engine) { return explain_file_error(plan, of_engine); },
      [&] { return plan.skips_bad_rows ? std::nullopt : find_lost_value(plan, connection); });
}

}  // namespace spillway::drivers::file
