#include "drivers/file/csv_header.hpp"

#include <set>

#include <fmt/format.h>

#include "drivers/file/csv_records.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

/// Enough for blank lines in front and line breaks in quoted names.
constexpr int k_head_lines = 100;

}  // namespace

std::vector<std::string> unique_names(std::vector<std::string> names) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) names[i] = fmt::format("column{}", i);
    const std::string wanted = names[i];
    for (int copy = 1; !taken.insert(to_lower(names[i])).second; ++copy)
      names[i] = fmt::format("{}_{}", wanted, copy);
  }
  return names;
}

CsvHeader read_header(engine::Connection& connection, const InputFile& file, const CsvFormat& format) {
  CsvHeader header;
  header.skip_lines = format.skip_rows;
  std::string head;
  const auto lines =
      connection.rows(fmt::format("FROM {} LIMIT {}", read_lines(file, format, format.skip_rows), k_head_lines));
  for (const auto& line : lines) {
    if (head.empty() && !line[0]) ++header.skip_lines;
    if (!head.empty() || line[0]) head += line[0].value_or("") + "\n";
  }
  CsvRecords records(head, format);
  if (!records.next()) {
    fail(ErrorCode::bad_data,
         fmt::format("cannot read '{}': {}", file.shown,
                     format.header ? "it has no header line" : "it holds blank lines only"),
         format.skip_rows == 0 ? "" : fmt::format("skip_rows passes over its first {} lines", format.skip_rows));
  }
  if (!records.is_closed()) {
    fail(ErrorCode::bad_data,
         fmt::format("cannot read '{}': the quote in line {} is never closed", file.shown,
                     header.skip_lines + records.line()),
         fmt::format("quote is {}: set it to what the file has", format.quote));
  }
  const std::vector<std::string> fields = records.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    header.names.push_back(format.header ? std::string(trim(fields[i])) : fmt::format("column{}", i));
  }
  header.names = unique_names(std::move(header.names));
  return header;
}

}  // namespace spillway::drivers::file
