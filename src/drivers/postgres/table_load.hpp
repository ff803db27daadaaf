#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/postgres/encode.hpp"
#include "drivers/sql/table_write.hpp"
#include "drivers/sql/write_config.hpp"
#include "engine/result.hpp"

namespace spillway::drivers::postgres {

/// One attempt at a writer's step, in one transaction: nothing is seen before its end, and nothing is left of it when
/// it fails or the process dies. Rows go to the table itself where they are only added, else to a temporary table
/// first, so that the table is locked no longer than the server needs by itself.
class TableLoad {
 public:
  TableLoad(const StepContext& context, const sql::WriteConfig& config, const frame::ResolvedInput& input,
            ServerConnection& connection)
      : m_context(context), m_config(config), m_input(input), m_connection(connection) {}

  sql::LoadOutcome run();

 private:
  void begin();
  void find_or_create();
  void fit_columns();
  void plan_writers();
  void add_column(const engine::Column& column);
  void widen_columns(const sql::ColumnPlan& plan);
  void execute_ddl(std::string statement);
  bool needs_staging() const;

  void load_directly();
  void load_staged();
  void create_staging();
  std::uint64_t copy(const std::string& table, const std::vector<std::string>& columns);
  void put_rows();
  void append_row(const engine::Chunk& chunk, std::uint64_t row, std::uint64_t row_number, std::string& bytes) const;
  void empty_table();
  void check_keys();
  std::uint64_t insert_staged();
  std::string upsert_clause() const;
  void commit();

  std::vector<std::string> staged_keys() const;
  std::vector<std::string> target_names() const;

  const StepContext& m_context;
  const sql::WriteConfig& m_config;
  const frame::ResolvedInput& m_input;
  ServerConnection& m_connection;
  TargetTable m_table;
  bool m_is_new = false;
  std::vector<ColumnWriter> m_writers;
  sql::LoadOutcome m_outcome;
};

}  // namespace spillway::drivers::postgres
