#include "drivers/postgres/table_load.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "drivers/postgres/copy_sender.hpp"
#include "drivers/postgres/session.hpp"
#include "drivers/postgres/wire.hpp"
#include "drivers/sql/input_keys.hpp"
#include "drivers/sql/schema_change.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::postgres {
namespace {

constexpr const char* k_staging = "pg_temp.spillway_staging";
constexpr std::string_view k_copy_header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr std::int16_t k_end_of_rows = -1;

std::string name_sql(const std::string& name) { return sql::quoted(name, k_name_quote); }

/// "… (COPY films, line 5001) [SQLSTATE 23505]": the number of the row that the server did not take.
std::optional<std::uint64_t> line_of_copy(std::string_view message) {
  constexpr std::string_view k_line = ", line ";
  const std::size_t copy = message.find("(COPY ");
  const std::size_t line = copy == std::string_view::npos ? copy : message.find(k_line, copy);
  if (line == std::string_view::npos) return std::nullopt;
  const std::string_view number = message.substr(line + k_line.size());
  return parse_uint(number.substr(0, number.find_first_not_of("0123456789")));
}

/// Columns of the staging table, by position: the input's names may be of any length.
std::string staged_name(std::size_t index) { return fmt::format("c{}", index + 1); }

}  // namespace

sql::LoadOutcome TableLoad::run() {
  begin();
  find_or_create();
  fit_columns();
  plan_writers();
  if (needs_staging()) {
    load_staged();
  } else {
    load_directly();
  }
  commit();
  return std::move(m_outcome);
}

void TableLoad::begin() {
  const auto timeout = [this](const char* option) {
    return fmt::format("{} = {}", option, m_context.config.at(option).get<std::uint64_t>() * 1000);
  };
  postgres::begin(m_connection, m_context, "BEGIN", {timeout("statement_timeout"), timeout("lock_timeout")});
}

void TableLoad::execute_ddl(std::string statement) {
  m_connection.execute(statement);
  m_outcome.ddl.push_back(std::move(statement));
}

void TableLoad::find_or_create() {
  if (auto found = find_table(m_config.table, m_connection)) {
    m_table = *std::move(found);
    return;
  }
  if (!m_config.create_if_missing) {
    fail(ErrorCode::sql, fmt::format("there is no table '{}'", m_config.table.shown()),
         "create_if_missing: true creates it with the columns of the input");
  }
  execute_ddl(create_statement(m_config.table, m_input.schema, m_config.primary_key));
  m_table = find_table(m_config.table, m_connection).value();
  m_is_new = true;
}

void TableLoad::add_column(const engine::Column& column) {
  execute_ddl(
      fmt::format("ALTER TABLE {} ADD COLUMN {} {}", m_table.sql_name, name_sql(column.name), type_for(column.type)));
}

void TableLoad::widen_columns(const sql::ColumnPlan& plan) {
  for (const auto& match : plan.matches) {
    const TableColumn& column = m_table.columns[match.target];
    const auto type = widened_type(m_input.schema[match.source].type, column);
    if (!type) continue;
    execute_ddl(
        fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {}", m_table.sql_name, name_sql(column.target.name), *type));
  }
}

/// Compares the input with the table, and changes the table where the config lets it.
void TableLoad::fit_columns() {
  const auto plan = [this] {
    std::vector<sql::TargetColumn> targets;
    for (const TableColumn& column : m_table.columns) targets.push_back(column.target);
    return plan_columns(m_input.schema, targets, m_config, sql::NameMatch::exact);
  };
  const sql::ColumnPlan columns = plan();
  if (m_config.on_schema_change != sql::OnSchemaChange::evolve) return;
  const std::size_t before = m_outcome.ddl.size();
  for (const std::size_t index : columns.added) add_column(m_input.schema[index]);
  widen_columns(columns);
  if (m_outcome.ddl.size() != before) m_table = find_table(m_config.table, m_connection).value();
}

void TableLoad::plan_writers() {
  sql::ColumnProblems problems;
  for (const engine::Column& column : m_input.schema) {
    const auto target = std::ranges::find_if(
        m_table.columns, [&](const TableColumn& candidate) { return candidate.target.name == column.name; });
    if (target == m_table.columns.end()) continue;
    auto writer = column_writer(column, *target);
    if (writer) {
      m_writers.push_back(*std::move(writer));
      continue;
    }
    problems.add(writer.error());
  }
  problems.check(m_writers.size());
}

/// A new table has no rows that could be in the way, and nobody sees it yet.
bool TableLoad::needs_staging() const {
  const bool has_casts = std::ranges::any_of(m_writers, &ColumnWriter::is_staged_as_text);
  const bool is_merged = m_config.mode == sql::WriteMode::upsert;
  const bool is_swapped = m_config.mode == sql::WriteMode::replace && !m_is_new;
  return has_casts || is_merged || is_swapped;
}

std::vector<std::string> TableLoad::target_names() const {
  std::vector<std::string> names;
  for (const ColumnWriter& writer : m_writers) names.push_back(writer.name);
  return names;
}

void TableLoad::load_directly() {
  if (m_config.mode == sql::WriteMode::truncate) empty_table();
  m_outcome.rows = copy(m_table.sql_name, target_names());
}

void TableLoad::create_staging() {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < m_writers.size(); ++i) {
    columns.push_back(
        fmt::format("{} {}", staged_name(i), m_writers[i].is_staged_as_text ? "text" : m_writers[i].type));
  }
  // Of this session alone, and gone at the end of the transaction, however it ends.
  m_connection.execute(fmt::format("CREATE TABLE {} ({}) ON COMMIT DROP", k_staging, join(columns, ", ")));
}

void TableLoad::load_staged() {
  create_staging();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < m_writers.size(); ++i) names.push_back(staged_name(i));
  copy(k_staging, names);
  if (m_config.mode == sql::WriteMode::upsert) check_keys();
  const bool is_emptied = m_config.mode == sql::WriteMode::replace || m_config.mode == sql::WriteMode::truncate;
  if (is_emptied && !m_is_new) empty_table();
  m_outcome.rows = insert_staged();
}

/// The table itself stays, with its grants, indexes, triggers and whatever depends on it.
void TableLoad::empty_table() {
  // The server truncates no table that others refer to, even when they refer to none of its rows.
  m_connection.execute(
      fmt::format("{} {}", m_table.is_referenced ? "DELETE FROM" : "TRUNCATE TABLE", m_table.sql_name));
}

/// Returns how many rows the server took.
std::uint64_t TableLoad::copy(const std::string& table, const std::vector<std::string>& columns) {
  m_connection.start_copy_in(
      fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", table, sql::quoted_list(columns, k_name_quote)));
  try {
    put_rows();
    return m_connection.end_copy_in();
  } catch (const Exception& exception) {
    Error error = exception.error();
    if (const auto line = line_of_copy(error.message)) error.message += sql::shown_row(m_context, m_input, *line);
    fail(std::move(error));
  }
}

void TableLoad::put_rows() {
  std::vector<std::string> items;
  for (const ColumnWriter& writer : m_writers) items.push_back(writer.select);
  engine::ResultStream stream = m_context.connection.stream(
      fmt::format("SELECT {} FROM ({}) AS frame", join(items, ", "), m_input.select_sql), m_context.control);
  CopySender sender(m_connection);
  const auto send = [&](std::string&& block) {
    m_outcome.bytes += block.size();
    sender.send(std::move(block));
  };
  std::string bytes = sender.empty_block();
  bytes += k_copy_header;
  std::uint64_t rows = 0;
  std::uint64_t next_report = m_config.batch_size;
  while (const auto chunk = stream.next()) {
    for (std::uint64_t row = 0; row < chunk->row_count(); ++row) {
      append_row(*chunk, row, ++rows, bytes);
      if (bytes.size() < sql::BlockQueue::k_block_bytes) continue;
      send(std::move(bytes));
      bytes = sender.empty_block();
    }
    if (rows < next_report) continue;
    report_progress(m_context, m_config, rows);
    next_report = rows + m_config.batch_size;
  }
  append_number(bytes, k_end_of_rows);
  send(std::move(bytes));
  sender.finish();
}

void TableLoad::append_row(const engine::Chunk& chunk, std::uint64_t row, std::uint64_t row_number,
                           std::string& bytes) const {
  append_number(bytes, static_cast<std::int16_t>(m_writers.size()));
  for (std::size_t i = 0; i < m_writers.size(); ++i) {
    try {
      append_field(m_writers[i], chunk.column(i), row, bytes);
    } catch (const Exception& exception) {
      Error error = exception.error();
      error.message = fmt::format("column '{}', row {}: {}", m_writers[i].name, row_number, error.message);
      error.hint = "on_schema_change: evolve widens columns; or convert it in a duckdb.processor step";
      fail(std::move(error));
    }
  }
}

std::vector<std::string> TableLoad::staged_keys() const {
  std::vector<std::string> keys;
  for (const std::string& key : m_config.primary_key) {
    const auto writer = std::ranges::find(m_writers, key, &ColumnWriter::name);
    const auto index = static_cast<std::size_t>(writer - m_writers.begin());
    keys.push_back(writer->is_staged_as_text ? fmt::format("{}::{}", staged_name(index), writer->type)
                                             : staged_name(index));
  }
  return keys;
}

void TableLoad::check_keys() {
  std::vector<std::string> nulls;
  for (const std::string& key : staged_keys()) nulls.push_back(key + " IS NULL");
  const std::string without_key =
      m_connection.text(fmt::format("SELECT count(*) FROM {} WHERE {}", k_staging, join(nulls, " OR ")));
  sql::check_no_null_keys(parse_uint(without_key).value_or(0), m_config.primary_key);
  if (m_config.duplicates == sql::Duplicates::last) return;
  const auto repeated = m_connection.rows(fmt::format(
      "SELECT concat_ws(', ', {0}), count(*) FROM {1} GROUP BY {0} HAVING count(*) > 1 ORDER BY {0} LIMIT {2}",
      join(staged_keys(), ", "), k_staging, sql::k_shown_keys + 1));
  sql::check_no_repeated_keys(repeated, m_config.primary_key);
}

std::uint64_t TableLoad::insert_staged() {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < m_writers.size(); ++i) {
    items.push_back(m_writers[i].is_staged_as_text ? fmt::format("{}::{}", staged_name(i), m_writers[i].type)
                                                   : staged_name(i));
  }
  std::string select = fmt::format("SELECT {} FROM {}", join(items, ", "), k_staging);
  if (m_config.mode == sql::WriteMode::upsert && m_config.duplicates == sql::Duplicates::last) {
    const std::string keys = join(staged_keys(), ", ");
    // Rows lie in the staging table in the order of the input.
    select = fmt::format("SELECT DISTINCT ON ({0}) {1} FROM {2} ORDER BY {0}, ctid DESC", keys, join(items, ", "),
                         k_staging);
  }
  return m_connection.execute(fmt::format("INSERT INTO {} AS target ({}) OVERRIDING SYSTEM VALUE {}{}",
                                          m_table.sql_name, sql::quoted_list(target_names(), k_name_quote), select,
                                          upsert_clause()));
}

std::string TableLoad::upsert_clause() const {
  if (m_config.mode != sql::WriteMode::upsert) return {};
  std::vector<std::string> updates;
  for (const ColumnWriter& writer : m_writers) {
    if (std::ranges::find(m_config.primary_key, writer.name) != m_config.primary_key.end()) continue;
    updates.push_back(fmt::format("{0} = EXCLUDED.{0}", name_sql(writer.name)));
  }
  const bool is_kept = m_config.on_conflict == sql::OnConflict::ignore || updates.empty();
  return fmt::format(" ON CONFLICT ({}) DO {}", sql::quoted_list(m_config.primary_key, k_name_quote),
                     is_kept ? "NOTHING" : "UPDATE SET " + join(updates, ", "));
}

void TableLoad::commit() {
  try {
    m_connection.execute("COMMIT");
  } catch (const Exception& exception) {
    Error error = exception.error();
    const bool is_lost = error.message.starts_with("lost the connection");
    const bool is_idempotent = m_config.mode != sql::WriteMode::append;
    if (is_lost && !is_idempotent) {
      error.retryable = false;
      error.message += "; whether the rows were committed is not known";
      error.hint =
          "look whether they are there before running it again; write_mode: upsert and replace may always be "
          "repeated";
    }
    fail(std::move(error));
  }
}

}  // namespace spillway::drivers::postgres
