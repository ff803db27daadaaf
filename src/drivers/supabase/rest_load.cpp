#include "drivers/supabase/rest_load.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "drivers/sql/input_keys.hpp"
#include "drivers/sql/schema_change.hpp"
#include "drivers/supabase/table_description.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

constexpr auto k_append_hint =
    "look at what is there before running it again; write_mode: upsert may always be repeated, and channel: postgres "
    "commits all or nothing";

[[noreturn]] void fail_over_rest(std::string_view what, std::string_view why) {
  fail(ErrorCode::invalid_config, fmt::format("{} does not go over rest: {}", what, why),
       "channel: postgres does it in one transaction; the connection needs a pg_dsn");
}

std::string names_list(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  std::ranges::transform(names, std::back_inserter(quoted), rest_name);
  return join(quoted, ",");
}

std::string keys_sql(const sql::WriteConfig& config) {
  std::vector<std::string> keys;
  std::ranges::transform(config.primary_key, std::back_inserter(keys), engine::quote_identifier);
  return join(keys, ", ");
}

}  // namespace

sql::LoadOutcome RestLoad::run() {
  check_config();
  plan_columns();
  if (m_config.mode == sql::WriteMode::upsert) check_keys();
  engine::ResultStream stream = m_context.connection.stream(rows_sql(), m_context.control);
  while (const auto chunk = stream.next()) {
    for (std::uint64_t row = 0; row < chunk->row_count(); ++row) {
      append_row(*chunk, row);
      if (m_batch_rows == m_config.batch_size) send_batch();
    }
  }
  if (m_batch_rows > 0) send_batch();
  return std::move(m_outcome);
}

void RestLoad::check_config() const {
  if (m_config.mode == sql::WriteMode::replace || m_config.mode == sql::WriteMode::truncate) {
    fail_over_rest(
        fmt::format("write_mode: {}", sql::to_string(m_config.mode)),
        "each request is a transaction of its own, so that a failure would leave the table empty or in parts");
  }
  if (m_config.create_if_missing) fail_over_rest("create_if_missing", "PostgREST creates no tables");
  if (m_config.on_schema_change == sql::OnSchemaChange::evolve) {
    fail_over_rest("on_schema_change: evolve", "PostgREST changes no tables");
  }
  if (m_input.stream) {
    fail_over_rest(fmt::format("what step '{}' streams", m_input.from_step),
                   "each request is a transaction of its own, so that rows would stay when that step fails later");
  }
}

void RestLoad::plan_columns() {
  const DescribedTable table = describe_table(m_client, m_config.table);
  std::vector<sql::TargetColumn> targets;
  for (const DescribedColumn& column : table.columns) {
    // The description does not tell all defaults: what is NOT NULL and has none is the server's to refuse.
    targets.push_back({.name = column.name,
                       .type = column.type,
                       .is_nullable = column.is_nullable,
                       .has_default = column.has_default || !column.is_nullable});
  }
  const sql::ColumnPlan plan = sql::plan_columns(m_input.schema, targets, m_config, sql::NameMatch::exact);
  sql::ColumnProblems problems;
  for (const auto& match : plan.matches) {
    auto column = rest_column(m_input.schema[match.source], table.columns[match.target].type);
    if (column) {
      m_columns.push_back(*std::move(column));
      continue;
    }
    problems.add(column.error());
  }
  problems.check(m_columns.size());
}

void RestLoad::check_keys() const {
  std::vector<std::string> nulls;
  for (const std::string& key : m_config.primary_key) nulls.push_back(engine::quote_identifier(key) + " IS NULL");
  const std::uint64_t without_key = m_context.connection.count(
      fmt::format("SELECT count(*) FROM ({}) AS frame WHERE {}", m_input.select_sql, join(nulls, " OR ")));
  sql::check_no_null_keys(without_key, m_config.primary_key);
  if (m_config.duplicates == sql::Duplicates::last) return;
  const auto repeated = m_context.connection.rows(
      fmt::format("SELECT concat_ws(', ', {0}), count(*) FROM ({1}) AS frame GROUP BY {0} HAVING count(*) > 1 "
                  "ORDER BY {0} LIMIT {2}",
                  keys_sql(m_config), m_input.select_sql, sql::k_shown_keys + 1));
  sql::check_no_repeated_keys(repeated, m_config.primary_key);
}

std::string RestLoad::rows_sql() const {
  std::vector<std::string> items;
  for (const RestColumn& column : m_columns) items.push_back(column.select);
  if (m_config.mode != sql::WriteMode::upsert || m_config.duplicates != sql::Duplicates::last) {
    return fmt::format("SELECT {} FROM ({}) AS frame", join(items, ", "), m_input.select_sql);
  }
  return fmt::format(
      "SELECT {0} FROM (SELECT *, row_number() OVER () AS spillway_row FROM ({1}) AS frame) AS numbered "
      "QUALIFY row_number() OVER (PARTITION BY {2} ORDER BY spillway_row DESC) = 1 ORDER BY spillway_row",
      join(items, ", "), m_input.select_sql, keys_sql(m_config));
}

void RestLoad::append_row(const engine::Chunk& chunk, std::uint64_t row) {
  m_body += m_batch_rows == 0 ? '[' : ',';
  ++m_batch_rows;
  for (std::size_t i = 0; i < m_columns.size(); ++i) {
    m_body += i == 0 ? '{' : ',';
    append_json_string(m_body, m_columns[i].name);
    m_body += ':';
    const engine::VectorView& vector = chunk.column(i);
    if (vector.is_null(row)) {
      m_body += "null";
    } else if (m_columns[i].is_json) {
      append_json(m_columns[i].name, vector.text(row));
    } else {
      append_json_string(m_body, vector.text(row));
    }
  }
  m_body += '}';
}

void RestLoad::append_json(const std::string& column, std::string_view text) {
  const auto fail_row = [&](std::string_view why, std::string hint) {
    fail(ErrorCode::bad_data, fmt::format("column '{}', row {}: {}", column, m_rows_taken + m_batch_rows, why),
         std::move(hint));
  };
  // It stands among the request's own JSON, where anything else could mean anything.
  if (!nlohmann::json::accept(text)) {
    fail_row("the text is no JSON", "json_valid(…) tells in a duckdb.processor step which texts are");
  }
  if (trim(text) == "null") {
    fail_row("JSON's null would become NULL over rest",
             "channel: postgres keeps it; or make it NULL in a duckdb.processor step");
  }
  m_body += text;
}

RestRequest RestLoad::batch_request() const {
  RestRequest request;
  request.method = "POST";
  request.table = m_config.table;
  request.body = m_body;
  std::vector<std::string> names;
  std::ranges::transform(m_columns, std::back_inserter(names), &RestColumn::name);
  request.query = {{"columns", names_list(names)}};
  std::string prefer = "Prefer: return=minimal,count=exact";
  if (m_config.mode == sql::WriteMode::upsert) {
    request.query.emplace_back("on_conflict", names_list(m_config.primary_key));
    prefer += m_config.on_conflict == sql::OnConflict::ignore ? ",resolution=ignore-duplicates"
                                                              : ",resolution=merge-duplicates";
  }
  request.headers = {std::move(prefer)};
  request.is_idempotent = m_config.mode == sql::WriteMode::upsert;
  return request;
}

void RestLoad::send_batch() {
  m_body += ']';
  http::Response response;
  try {
    response = m_client.send(batch_request());
  } catch (const Exception& exception) {
    fail(batch_error(exception.error()));
  }
  m_rows_taken += m_batch_rows;
  // "*/3": the rows that the server wrote.
  const std::string range = response.header("content-range");
  const auto written = parse_uint(range.substr(std::min(range.find('/') + 1, range.size())));
  if (!written) {
    fail(batch_error(make_error(ErrorCode::connection,
                                fmt::format("the server did not count its rows: Content-Range is '{}'", range))));
  }
  m_outcome.rows += *written;
  m_outcome.bytes += m_body.size();
  sql::report_progress(m_context, m_config, m_outcome.rows);
  m_body.clear();
  m_batch_rows = 0;
}

/// What is in the table now, and what to do about it.
Error RestLoad::batch_error(Error error) const {
  const bool is_idempotent = m_config.mode == sql::WriteMode::upsert;
  if (m_client.is_outcome_unknown() && !is_idempotent) {
    error.message += fmt::format("; whether rows {} to {} of the input were written is not known", m_rows_taken + 1,
                                 m_rows_taken + m_batch_rows);
    error.hint = k_append_hint;
  }
  if (m_rows_taken > 0) {
    error.message += fmt::format("; the first {} rows of the input were committed before", m_rows_taken);
    error.hint = is_idempotent ? "run it again: rows that are there are met by their key" : k_append_hint;
  }
  return error;
}

}  // namespace spillway::drivers::supabase
