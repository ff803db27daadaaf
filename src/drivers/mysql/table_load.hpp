#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/mysql/encode.hpp"
#include "drivers/mysql/row_text.hpp"
#include "drivers/mysql/target_table.hpp"
#include "drivers/sql/table_write.hpp"
#include "drivers/sql/write_config.hpp"

namespace spillway::drivers::mysql {

/// One attempt at a writer's step. MySQL commits on every change of a table's definition, so there are two ways for
/// the rows to appear all at once:
/// - in one transaction (append, truncate, upsert, and replace where something depends on the table). Rows to be
/// merged
///   go to a temporary table first, which only this session sees and which ends with it;
/// - by a rename (a new table, and replace). Rows go to a staging table, which then takes the place of the other. One
///   that a killed run left behind is dropped by the next run of the same step.
class TableLoad {
 public:
  TableLoad(const StepContext& context, const sql::WriteConfig& config, const frame::ResolvedInput& input,
            ServerConnection& connection)
      : m_context(context), m_config(config), m_input(input), m_connection(connection) {}

  sql::LoadOutcome run();
  /// The staging table that a failed run() left behind, as SQL; empty when there is none.
  const std::string& left_behind() const { return m_left_behind; }

 private:
  void begin();
  void reserve_staging() const;
  sql::TableName staging(std::string_view purpose) const;
  void find_or_create();
  void fit_columns();
  void plan_writers();
  void check_upsert_key() const;

  void load_in_transaction();
  void load_and_rename();
  void fill_temporary();
  void fill(const std::string& table, bool takes_last);
  void load_file(const std::string& table, bool takes_last);
  void insert_tuples(const std::string& table, bool takes_last);
  RowText row_text(RowText::Form form) const;
  void check_written(const Written& written, std::uint64_t rows_before);
  void check_keys();
  void merge(const std::string& target);
  void publish(const std::string& statement);

  std::vector<std::string> target_names() const;
  std::string target_list() const;
  bool is_key(const std::string& column) const;

  const StepContext& m_context;
  const sql::WriteConfig& m_config;
  const frame::ResolvedInput& m_input;
  ServerConnection& m_connection;
  TargetTable m_table;
  bool m_is_new = false;
  std::string m_table_sql;  ///< where rows become visible
  std::string m_left_behind;
  std::vector<ColumnWriter> m_writers;
  sql::LoadOutcome m_outcome;
};

}  // namespace spillway::drivers::mysql
