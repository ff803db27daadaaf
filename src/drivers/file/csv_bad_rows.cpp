#include "drivers/file/csv_bad_rows.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "drivers/file/bad_rows_file.hpp"
#include "drivers/file/csv_fault.hpp"
#include "drivers/file/csv_lost_rows.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

/// The engine keeps no more of a rejected record.
constexpr std::size_t k_kept_bytes = 10000;
constexpr std::string_view k_single_reader = ", parallel = false, ignore_errors = true";

std::string noting_options(std::string_view tables) {
  return fmt::format(
      ", store_rejects = true, rejects_limit = 0, rejects_table = '{0}_rejects', rejects_scan = '{0}_scans'", tables);
}

constexpr std::string_view k_rows = "__spillway_rows";
constexpr std::string_view k_ends = "__spillway_ends";

/// Of each record that was rejected: file, line, column, reason, text, and whether more than this text was passed
/// over, which only a broken quote does. The statement that made the frame may have run twice: its last scan counts.
std::string rejects_sql(std::string_view tables, std::string_view condition, std::uint64_t limit) {
  return fmt::format(
      "SELECT file_path, line, first(column_name ORDER BY column_idx), first(error_message ORDER BY column_idx), "
      "any_value(csv_line), CASE WHEN contains(any_value(csv_line), chr(10)) OR bool_or(error_type = 'UNQUOTED "
      "VALUE') "
      "THEN strlen(any_value(csv_line)) >= {3} OR max(byte_position - line_byte_position) > "
      "strlen(any_value(csv_line)) ELSE false END "
      "FROM {0}_rejects JOIN {0}_scans USING (scan_id, file_id) WHERE {1} "
      "GROUP BY file_path, line ORDER BY file_path, line LIMIT {2}",
      tables, condition, limit, k_kept_bytes);
}

/// Bad rows in the order of their files and lines.
class Collection {
 public:
  Collection(const StepContext& context, const CsvPlan& plan)
      : m_context(context), m_plan(plan), m_most(context.config.at("max_bad_rows").get<std::uint64_t>()) {}

  /// With one reader the engine notes every record that it rejects, but for a quote that is open at the end of a
  /// file; with several it notes that one, but may forget others.
  void add_rejected() {
    add_rejected(
        rejects_sql(k_rows, fmt::format("scan_id = (SELECT max(scan_id) FROM {}_scans)", k_rows), m_most + 1));
    for (const CsvFile& file : m_plan.files) {
      m_context.connection.execute(
          "SELECT count(*) FROM " + m_plan.read(file, ", ignore_errors = true" + noting_options(k_ends)),
          m_context.control);
    }
    add_rejected(rejects_sql(k_ends, "error_type = 'UNQUOTED VALUE'", m_most + 1));
  }

  /// Rows that the engine would have changed rather than rejected.
  void add_lost() {
    for (std::size_t place = 0; place < m_plan.files.size(); ++place) {
      const CsvFile& file = m_plan.files[place];
      for (LostRow& lost :
           find_lost_rows(m_context.connection, m_plan, file, m_most + 1, k_single_reader, rejected_lines(place))) {
        if (lost.text.empty()) lost.text = lost.value;
        lost.text.resize(std::min(lost.text.size(), k_kept_bytes));
        m_rows[{place, lost.line, lost.row}] = {file.input.shown, lost.line, lost.column,
                                                value_fault(m_plan, lost.column, lost.value).text, lost.text};
      }
    }
  }

  std::vector<BadRow> take() {
    std::vector<BadRow> rows;
    for (auto& [place, row] : m_rows) rows.push_back(std::move(row));
    check_bad_row_count(rows, m_most);
    return rows;
  }

 private:
  using Cells = std::vector<std::optional<std::string>>;

  void add_rejected(const std::string& sql) {
    for (const Cells& cells : m_context.connection.rows(sql)) {
      const std::size_t place = place_of(cells[0].value());
      const std::uint64_t line = parse_uint(cells[1].value()).value();
      const std::string& shown = m_plan.files[place].input.shown;
      if (cells[5] == "true") {
        fail(ErrorCode::bad_data,
             fmt::format("cannot read '{}': a quote that opens in line {} is not closed on it, and rows behind it "
                         "would be lost",
                         shown, line),
             "correct the line; such rows cannot be set apart");
      }
      m_rows.try_emplace({place, line, 0},
                         BadRow{shown, line, cells[2].value_or(""), fault_in(m_plan, cells[3].value_or("")).text,
                                to_valid_utf8(trim_line_end(cells[4].value_or("")))});
    }
  }

  static std::string_view trim_line_end(std::string_view text) {
    return text.substr(0, text.find_last_not_of("\r\n") + 1);
  }

  std::size_t place_of(const std::string& path) const {
    const auto found =
        std::ranges::find_if(m_plan.files, [&](const CsvFile& file) { return file.input.path == path; });
    return static_cast<std::size_t>(found - m_plan.files.begin());
  }

  std::set<std::uint64_t> rejected_lines(std::size_t place) const {
    std::set<std::uint64_t> lines;
    for (auto row = m_rows.lower_bound({place, 0, 0}); row != m_rows.end() && std::get<0>(row->first) == place;
         ++row) {
      lines.insert(row->second.line);
    }
    return lines;
  }

  const StepContext& m_context;
  const CsvPlan& m_plan;
  std::uint64_t m_most;
  /// By the file's place in the plan, the line, and the row where the line is unknown.
  std::map<std::tuple<std::size_t, std::uint64_t, std::uint64_t>, BadRow> m_rows;
};

}  // namespace

std::string skipping_options() { return std::string(k_single_reader) + noting_options(k_rows); }

void report_bad_rows(const StepContext& context, const CsvPlan& plan) {
  Collection bad_rows(context, plan);
  bad_rows.add_rejected();
  bad_rows.add_lost();
  write_bad_rows(context, bad_rows.take());
}

}  // namespace spillway::drivers::file
