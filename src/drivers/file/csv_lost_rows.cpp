#include "drivers/file/csv_lost_rows.hpp"

#include <fmt/format.h>

#include "drivers/file/csv_records.hpp"
#include "drivers/file/mapped_file.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

std::string lost_rows_sql(const CsvPlan& plan, const CsvFile& file, const std::vector<StrictColumn>& columns,
                          std::uint64_t limit, std::string_view extra) {
  std::string which;
  std::string value;
  std::vector<std::string> any;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    which += fmt::format(" WHEN {} THEN {}", columns[i].is_lost(), i);
    value += fmt::format(" WHEN {} THEN CAST({} AS VARCHAR)", columns[i].is_lost(), columns[i].value);
    any.push_back(columns[i].is_lost());
  }
  return fmt::format(
      "SELECT row, which, value FROM (SELECT row_number() OVER () AS row, CASE{} END AS which, CASE{} END AS value "
      "FROM {}) AS lost WHERE which IS NOT NULL LIMIT {}",
      which, value, plan.read(file, extra), limit);
}

/// Adds the lines at which the rows stand, in one pass over the file.
void find_lines(const CsvPlan& plan, const CsvFile& file, const std::set<std::uint64_t>& rejected_lines,
                std::vector<LostRow>& rows) {
  const MappedFile mapped(file.input.path);
  CsvRecords records(mapped.bytes(), plan.format);
  const std::uint64_t first = file.header.skip + (plan.format.header ? 1 : 0);
  const bool has_blank_rows = file.header.names.size() == 1;  // a blank line is a NULL then
  std::uint64_t row = 0;
  bool has_more = true;
  for (LostRow& lost : rows) {
    while (row < lost.row && has_more) {
      has_more = row == 0 ? records.next_behind(first) : records.next();
      if (!has_more) break;
      const bool is_row = !rejected_lines.contains(records.line());
      row = has_blank_rows ? records.rows_in_front() - first + 1 : row + (is_row ? 1 : 0);
    }
    lost.line = records.line();
    lost.text = records.text();
  }
}

}  // namespace

std::vector<LostRow> find_lost_rows(engine::Connection& connection, const CsvPlan& plan, const CsvFile& file,
                                    std::uint64_t limit, std::string_view extra,
                                    const std::set<std::uint64_t>& rejected_lines) {
  std::vector<StrictColumn> converted;
  for (StrictColumn& column : plan.columns_of(file)) {
    if (column.is_converted()) converted.push_back(std::move(column));
  }
  std::vector<LostRow> rows;
  if (converted.empty()) return rows;
  for (const auto& cells : connection.rows(lost_rows_sql(plan, file, converted, limit, extra))) {
    LostRow& row = rows.emplace_back();
    row.row = parse_uint(cells[0].value()).value();
    row.column = converted.at(parse_uint(cells[1].value()).value()).name;
    row.value = cells[2].value_or("");
  }
  if (plan.format.is_plain(file.input)) find_lines(plan, file, rejected_lines, rows);
  return rows;
}

}  // namespace spillway::drivers::file
