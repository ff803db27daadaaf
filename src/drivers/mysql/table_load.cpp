#include "drivers/mysql/table_load.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "drivers/mysql/line_feed.hpp"
#include "drivers/mysql/session.hpp"
#include "drivers/sql/input_keys.hpp"
#include "drivers/sql/staging.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::mysql {
namespace {

constexpr const char* k_temporary = "`_spillway_rows`";
constexpr std::string_view k_new = "/new";
constexpr std::string_view k_former = "/former";
/// Of a statement with many rows; what the server takes at least is 1 MB.
constexpr std::size_t k_insert_bytes = std::size_t{512} * 1024;

std::string name_sql(const std::string& name) { return sql::quoted(name, k_name_quote); }

}  // namespace

sql::LoadOutcome TableLoad::run() {
  begin();
  find_or_create();
  plan_writers();
  const bool is_swapped = m_config.mode == sql::WriteMode::replace && m_table.is_free;
  if (m_is_new || is_swapped) {
    load_and_rename();
  } else {
    load_in_transaction();
  }
  return std::move(m_outcome);
}

void TableLoad::begin() {
  m_connection.execute(
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', sql_notes = 1, "
      "autocommit = 1");
  const auto seconds = [this](const char* option) { return m_context.config.at(option).get<std::uint64_t>(); };
  if (const auto timeout = seconds("statement_timeout"); timeout > 0 && m_connection.is_mariadb()) {
    m_connection.execute(fmt::format("SET SESSION max_statement_time = {}", timeout));
  }
  if (const auto timeout = seconds("lock_timeout"); timeout > 0) {
    m_connection.execute(fmt::format("SET SESSION innodb_lock_wait_timeout = {0}, lock_wait_timeout = {0}", timeout));
  }
}

/// A table beside the target. What it is for tells the new table from the one that it took the place of.
sql::TableName TableLoad::staging(std::string_view purpose) const {
  const std::string session = m_context.session_id + std::string(purpose);
  return {m_table.name.schema, sql::staging_table(m_context.pipeline_id, m_context.step_id, session)};
}

/// Drops what killed runs of this step left behind. A run that is under way, maybe on another machine, holds a lock
/// of its table's name as long as it is connected.
void TableLoad::reserve_staging() const {
  const std::string prefix = sql::staging_prefix(m_context.pipeline_id, m_context.step_id);
  for (const TextRow& row : m_connection.rows(fmt::format(
           "SELECT table_name FROM information_schema.tables WHERE table_schema = {} AND LEFT(table_name, "
           "{}) = {}",
           text_literal(m_table.name.schema), prefix.size(), text_literal(prefix)))) {
    const std::string name = row[0].value_or("");
    if (!sql::is_stale_staging(name, prefix, "")) continue;
    if (m_connection.text("SELECT IS_FREE_LOCK(" + text_literal(name) + ")") != "1") continue;
    m_connection.execute("DROP TABLE IF EXISTS " + sql::TableName{m_table.name.schema, name}.to_sql(k_name_quote));
  }
  for (const std::string_view purpose : {k_new, k_former}) {
    m_connection.text("SELECT GET_LOCK(" + text_literal(staging(purpose).name) + ", 0)");
  }
}

void TableLoad::find_or_create() {
  if (auto found = find_table(m_config.table, m_connection)) {
    m_table = *std::move(found);
    m_table_sql = m_table.name.to_sql(k_name_quote);
    reserve_staging();
    const bool is_swapped = m_config.mode == sql::WriteMode::replace && m_table.is_free;
    if (!m_table.is_transactional && !is_swapped) {
      fail(ErrorCode::unsupported,
           fmt::format("its engine {} has no transactions, so that a failed run would leave a part of the rows",
                       m_table.engine),
           "write_mode: replace works with every engine; or ALTER TABLE … ENGINE = InnoDB");
    }
    if (is_swapped) {
      // Changes of its columns are made to the staging table, and seen with the rows.
      m_table_sql = staging(k_new).to_sql(k_name_quote);
      m_left_behind = m_table_sql;
      m_connection.execute(fmt::format("CREATE TABLE {} LIKE {}", m_table_sql, m_table.name.to_sql(k_name_quote)));
    }
    fit_columns();
    check_upsert_key();
    return;
  }
  if (!m_config.create_if_missing) {
    fail(ErrorCode::sql, fmt::format("there is no table '{}'", m_config.table.shown()),
         "create_if_missing: true creates it with the columns of the input");
  }
  m_is_new = true;
  m_table.name = m_config.table;
  if (m_table.name.schema.empty()) m_table.name.schema = m_connection.text("SELECT DATABASE()");
  reserve_staging();
  m_table_sql = staging(k_new).to_sql(k_name_quote);
  m_left_behind = m_table_sql;
  m_connection.execute(create_statement(m_table_sql, m_input.schema, m_config.primary_key));
  m_outcome.ddl.push_back(create_statement(m_table.name.to_sql(k_name_quote), m_input.schema, m_config.primary_key));
  const auto staged = value_or_throw(sql::parse_table_name(m_table_sql));
  sql::TableName target = std::move(m_table.name);
  m_table = find_table(staged, m_connection).value();
  m_table.name = std::move(target);
}

/// Compares the input with the table, and changes the table where the config lets it.
void TableLoad::fit_columns() {
  std::vector<sql::TargetColumn> targets;
  for (const TableColumn& column : m_table.columns) targets.push_back(column.target);
  const sql::ColumnPlan plan = plan_columns(m_input.schema, targets, m_config, sql::NameMatch::ignore_case);
  if (m_config.on_schema_change != sql::OnSchemaChange::evolve) return;
  std::vector<std::string> changes;
  for (const std::size_t index : plan.added) {
    const engine::Column& column = m_input.schema[index];
    changes.push_back(fmt::format("ADD COLUMN {} {} NULL", name_sql(column.name), type_for(column.type)));
  }
  for (const auto& match : plan.matches) {
    const TableColumn& column = m_table.columns[match.target];
    if (const auto type = widened_type(m_input.schema[match.source].type, column)) {
      changes.push_back(fmt::format("MODIFY COLUMN {} {}{}", name_sql(column.target.name), *type,
                                    column.target.is_nullable ? " NULL" : " NOT NULL"));
    }
  }
  if (changes.empty()) return;
  m_connection.execute(fmt::format("ALTER TABLE {} {}", m_table_sql, join(changes, ", ")));
  m_outcome.ddl.push_back(fmt::format("ALTER TABLE {} {}", m_table.name.to_sql(k_name_quote), join(changes, ", ")));
  const auto changed = value_or_throw(sql::parse_table_name(m_table_sql));
  m_table.columns = find_table(changed, m_connection).value().columns;
}

bool TableLoad::is_key(const std::string& column) const {
  return std::ranges::any_of(m_config.primary_key,
                             [&](const std::string& key) { return to_lower(key) == to_lower(column); });
}

void TableLoad::plan_writers() {
  sql::ColumnProblems problems;
  for (const engine::Column& column : m_input.schema) {
    const auto target = std::ranges::find_if(m_table.columns, [&](const TableColumn& candidate) {
      return to_lower(candidate.target.name) == to_lower(column.name);
    });
    if (target == m_table.columns.end()) continue;
    auto writer = column_writer(column, *target);
    if (writer) {
      writer->is_key = is_key(column.name);
      m_writers.push_back(*std::move(writer));
      continue;
    }
    problems.add(writer.error());
  }
  problems.check(m_writers.size());
}

/// Without a unique index on the key the server would add every row.
void TableLoad::check_upsert_key() const {
  if (m_config.mode != sql::WriteMode::upsert) return;
  const bool has_key = std::ranges::any_of(m_table.unique_keys, [this](const std::vector<std::string>& columns) {
    return columns.size() == m_config.primary_key.size() &&
           std::ranges::all_of(columns, [this](const std::string& column) { return is_key(column); });
  });
  if (has_key) return;
  const std::string names = join(m_config.primary_key, ", ");
  fail(ErrorCode::invalid_config, fmt::format("it has no primary key or unique index on ({})", names),
       fmt::format("ALTER TABLE {} ADD UNIQUE ({})", m_table.name.to_sql(k_name_quote),
                   sql::quoted_list(m_config.primary_key, k_name_quote)));
}

std::vector<std::string> TableLoad::target_names() const {
  std::vector<std::string> names;
  for (const ColumnWriter& writer : m_writers) names.push_back(writer.name);
  return names;
}

std::string TableLoad::target_list() const { return sql::quoted_list(target_names(), k_name_quote); }

void TableLoad::load_in_transaction() {
  const bool is_merged = m_config.mode == sql::WriteMode::upsert;
  const bool is_emptied = m_config.mode == sql::WriteMode::truncate || m_config.mode == sql::WriteMode::replace;
  if (m_config.mode == sql::WriteMode::truncate || m_config.mode == sql::WriteMode::append) {
    m_connection.execute("START TRANSACTION");
    // TRUNCATE would commit.
    if (is_emptied) m_connection.execute("DELETE FROM " + m_table_sql);
    fill(m_table_sql, /*takes_last=*/false);
    return publish("COMMIT");
  }
  fill_temporary();
  m_connection.execute("START TRANSACTION");
  if (is_merged) {
    merge(m_table_sql);
  } else {
    m_connection.execute("DELETE FROM " + m_table_sql);
    m_connection.execute(
        fmt::format("INSERT INTO {0} ({1}) SELECT {1} FROM {2}", m_table_sql, target_list(), k_temporary));
  }
  publish("COMMIT");
}

void TableLoad::load_and_rename() {
  if (m_config.mode == sql::WriteMode::upsert) {
    fill_temporary();
    m_connection.execute(
        fmt::format("INSERT INTO {0} ({1}) SELECT {1} FROM {2}", m_table_sql, target_list(), k_temporary));
  } else {
    fill(m_table_sql, /*takes_last=*/false);
  }
  const std::string target = m_table.name.to_sql(k_name_quote);
  if (m_is_new) {
    publish(fmt::format("RENAME TABLE {} TO {}", m_table_sql, target));
  } else {
    const std::string former = staging(k_former).to_sql(k_name_quote);
    publish(fmt::format("RENAME TABLE {0} TO {1}, {2} TO {0}", target, former, m_table_sql));
    m_connection.execute("DROP TABLE IF EXISTS " + former);
  }
  m_left_behind.clear();
}

/// Its columns have the types of the table's, and none of its indexes but one on the key.
void TableLoad::fill_temporary() {
  const bool takes_last = m_config.duplicates == sql::Duplicates::last;
  std::string key;
  if (m_config.mode == sql::WriteMode::upsert) {
    key = fmt::format(" ({} ({}))", takes_last ? "PRIMARY KEY" : "KEY",
                      sql::quoted_list(m_config.primary_key, k_name_quote));
  }
  m_connection.execute(fmt::format("CREATE TEMPORARY TABLE {}{} ENGINE = InnoDB SELECT {} FROM {} LIMIT 0",
                                   k_temporary, key, target_list(), m_table_sql));
  fill(k_temporary, takes_last && m_config.mode == sql::WriteMode::upsert);
  if (m_config.mode == sql::WriteMode::upsert && !takes_last) check_keys();
}

void TableLoad::fill(const std::string& table, bool takes_last) {
  const auto method = m_context.config.at("method").get<std::string>();
  if (method == "load_data" || (method == "auto" && m_connection.text("SELECT @@local_infile") == "1")) {
    load_file(table, takes_last);
    return;
  }
  if (method == "auto") {
    m_context.sink.event("write_notice",
                         {{"step_id", m_context.step_id},
                          {"target", m_config.table.shown()},
                          {"notice",
                           "the server's local_infile is OFF: rows go by INSERT, which is several times slower "
                           "than LOAD DATA"}});
  }
  insert_tuples(table, takes_last);
}

void TableLoad::load_file(const std::string& table, bool takes_last) {
  std::vector<std::string> items;
  std::vector<std::string> settings;
  for (std::size_t i = 0; i < m_writers.size(); ++i) {
    const ColumnWriter& writer = m_writers[i];
    if (writer.expression.empty()) {
      items.push_back(name_sql(writer.name));
      continue;
    }
    items.push_back(fmt::format("@c{}", i + 1));
    settings.push_back(
        fmt::format("{} = {}", name_sql(writer.name), fmt::format(fmt::runtime(writer.expression), items.back())));
  }
  RowText rows = row_text(RowText::Form::lines);
  const std::string statement = fmt::format(
      "LOAD DATA LOCAL INFILE 'rows' {}INTO TABLE {} CHARACTER SET utf8mb4 ({}){}{}", takes_last ? "REPLACE " : "",
      table, join(items, ", "), settings.empty() ? "" : " SET ", join(settings, ", "));
  const Written written = [&] {
    LineFeed lines(rows);
    return m_connection.load(statement, [&](char* buffer, std::size_t size) { return lines.read(buffer, size); });
  }();
  check_written(written, 0);
  m_outcome.rows = rows.rows();
  m_outcome.bytes = rows.bytes();
}

void TableLoad::insert_tuples(const std::string& table, bool takes_last) {
  RowText rows = row_text(RowText::Form::tuples);
  const std::string start =
      fmt::format("{} INTO {} ({}) VALUES ", takes_last ? "REPLACE" : "INSERT", table, target_list());
  for (;;) {
    const std::uint64_t before = rows.rows();
    const std::string tuples = rows.take(k_insert_bytes);
    if (tuples.empty()) break;
    check_written(m_connection.execute(start + tuples), before);
  }
  m_outcome.rows = rows.rows();
  m_outcome.bytes = rows.bytes();
}

RowText TableLoad::row_text(RowText::Form form) const {
  std::vector<std::string> items;
  for (const ColumnWriter& writer : m_writers) items.push_back(writer.select);
  return {m_context.connection.stream(
              fmt::format("SELECT {} FROM ({}) AS frame", join(items, ", "), m_input.select_sql), m_context.control),
          m_writers, form, m_config.batch_size,
          [this](std::uint64_t rows) { report_progress(m_context, m_config, rows); }};
}

/// LOAD DATA LOCAL goes on where INSERT fails: it skips a row whose key is there, and cuts a text that is too long.
/// Each of that is a warning, and here an error, which takes all of it back.
void TableLoad::check_written(const Written& written, std::uint64_t rows_before) {
  if (written.warnings == 0 && written.skipped == 0) return;
  const std::vector<TextRow> warnings = m_connection.rows("SHOW WARNINGS LIMIT 1");
  std::uint64_t number = 0;
  if (m_connection.is_mariadb()) {
    m_connection.execute("GET DIAGNOSTICS CONDITION 1 @spillway_row = ROW_NUMBER");
    number = parse_uint(m_connection.text("SELECT @spillway_row")).value_or(0);
  }
  Error error = make_error(ErrorCode::bad_data, fmt::format("the server skipped {} rows", written.skipped));
  if (!warnings.empty()) {
    error = server_error(static_cast<unsigned>(parse_uint(warnings[0][1].value_or("")).value_or(0)),
                         warnings[0][2].value_or(""));
    error.code = ErrorCode::bad_data;
    error.retryable = false;
  }
  if (number > 0) error.message += sql::shown_row(m_context, m_input, rows_before + number);
  m_connection.close();
  fail(std::move(error));
}

void TableLoad::check_keys() {
  const std::string keys = sql::quoted_list(m_config.primary_key, k_name_quote);
  const auto repeated = m_connection.rows(fmt::format(
      "SELECT CONCAT_WS(', ', {0}), COUNT(*) FROM {1} GROUP BY {0} HAVING COUNT(*) > 1 ORDER BY {0} LIMIT {2}", keys,
      k_temporary, sql::k_shown_keys + 1));
  sql::check_no_repeated_keys(repeated, m_config.primary_key);
}

/// ON DUPLICATE KEY looks at every unique index of the table, and would change the row of another key when a second
/// one is in the way: with several of them, rows are told apart by a join on the key alone.
void TableLoad::merge(const std::string& target) {
  std::vector<std::string> sources;
  std::vector<std::string> updates;
  for (const std::string& name : target_names()) {
    sources.push_back("s." + name_sql(name));
    if (!is_key(name)) updates.push_back(fmt::format("{0}.{1} = s.{1}", "t", name_sql(name)));
  }
  std::vector<std::string> matches;
  for (const std::string& key : m_config.primary_key) matches.push_back(fmt::format("t.{0} = s.{0}", name_sql(key)));
  const bool is_kept = m_config.on_conflict == sql::OnConflict::ignore || updates.empty();
  const std::string first_key = name_sql(m_config.primary_key.front());
  const std::string insert = fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} AS s", target, target_list(),
                                         join(sources, ", "), k_temporary);
  if (m_table.unique_keys.size() == 1) {
    std::vector<std::string> assignments;
    for (const std::string& name : target_names()) {
      if (!is_key(name)) assignments.push_back(fmt::format("{0} = s.{0}", name_sql(name)));
    }
    m_connection.execute(
        fmt::format("{} ON DUPLICATE KEY UPDATE {}", insert,
                    is_kept ? fmt::format("{0}.{1} = {0}.{1}", target, first_key) : join(assignments, ", ")));
    return;
  }
  if (!is_kept) {
    m_connection.execute(fmt::format("UPDATE {} AS t JOIN {} AS s ON {} SET {}", target, k_temporary,
                                     join(matches, " AND "), join(updates, ", ")));
  }
  m_connection.execute(fmt::format("{} LEFT JOIN {} AS t ON {} WHERE t.{} IS NULL", insert, target,
                                   join(matches, " AND "), first_key));
}

/// The one statement that makes the rows visible.
void TableLoad::publish(const std::string& statement) {
  try {
    m_connection.execute(statement);
  } catch (const Exception& exception) {
    Error error = exception.error();
    const bool is_lost = error.code == ErrorCode::connection;
    if (is_lost && m_config.mode == sql::WriteMode::append) {
      error.retryable = false;
      error.message += "; whether the rows were committed is not known";
      error.hint =
          "look whether they are there before running it again; write_mode: upsert and replace may always be "
          "repeated";
    }
    fail(std::move(error));
  }
}

}  // namespace spillway::drivers::mysql
