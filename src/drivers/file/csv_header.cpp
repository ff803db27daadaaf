#include "drivers/file/csv_header.hpp"

#include <set>

#include <fmt/format.h>

#include "drivers/file/csv_records.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

/// Enough for blank lines in front and line breaks in quoted names.
constexpr std::uint64_t k_head_lines = 100;

/// The first lines of the file, those that skip_rows passes over included.
std::string read_head(engine::Connection& connection, const InputFile& file, const CsvFormat& format) {
  const auto read = [&](LineLimit limit) {
    std::string head;
    for (const auto& line : connection.rows(
             fmt::format("FROM {} LIMIT {}", read_lines(file, format, limit), format.skip_rows + k_head_lines))) {
      head += line[0].value_or("") + "\n";
    }
    return head;
  };
  try {
    return read(LineLimit::k_2_mb);
  } catch (const Exception&) {
    return read(LineLimit::k_16_mb);
  }
}

/// In the lines that it passes over, the engine takes a broken quote for the end of the file.
void check_quotes(const InputFile& file, const CsvFormat& format, const CsvRecords& records) {
  if (!records.broken_field()) return;
  fail(ErrorCode::bad_data,
       fmt::format("cannot read '{}': a quote in line {} is not closed, or closed too early", file.shown,
                   records.line()),
       fmt::format("the quote is {}: set it to the one that the file has", format.quote));
}

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
  const std::string head = read_head(connection, file, format);
  CsvRecords records(head, format);
  bool has_header = records.next();
  for (; has_header && records.rows_in_front() < format.skip_rows; has_header = records.next()) {
    check_quotes(file, format, records);
  }
  if (!has_header) {
    fail(ErrorCode::bad_data,
         fmt::format("cannot read '{}': it has no {}", file.shown, format.header ? "header line" : "line with data"),
         format.skip_rows == 0 ? "" : fmt::format("skip_rows passes over {} lines", format.skip_rows));
  }
  check_quotes(file, format, records);
  CsvHeader header;
  header.skip = records.rows_in_front();
  const std::vector<std::string> fields = records.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    header.names.push_back(format.header ? std::string(trim(fields[i])) : fmt::format("column{}", i));
  }
  header.names = unique_names(std::move(header.names));
  return header;
}

}  // namespace spillway::drivers::file
