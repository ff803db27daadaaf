#include "drivers/supabase/rest_pages.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "drivers/supabase/rest_filter.hpp"
#include "drivers/supabase/table_description.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

using Json = nlohmann::json;

/// Names of values in a row's JSON: short, and the same for any column.
std::string cell_name(std::size_t index) { return fmt::format("c{}", index); }

/// Rows whose `key` is behind `value`; NULLs are the last ones, or the first ones of a descending order. Empty when
/// there can be none.
std::string behind(const PageKey& key, const std::optional<std::string>& value) {
  const std::string name = rest_name(key.name);
  if (key.is_descending) {
    return value ? fmt::format("{}.lt.{}", name, rest_value(*value)) : fmt::format("{}.not.is.null", name);
  }
  if (!value) return {};
  std::string larger = fmt::format("{}.gt.{}", name, rest_value(*value));
  return key.is_nullable ? fmt::format("or({},{}.is.null)", larger, name) : larger;
}

void take_cells(const Json& row, std::span<sql::Field> fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Json& cell = row.at(cell_name(i));
    if (cell.is_null()) {
      fields[i] = {};
    } else {
      const auto& text = cell.get_ref<const std::string&>();
      fields[i] = {text.data(), static_cast<std::uint32_t>(text.size())};
    }
  }
}

std::string same(const PageKey& key, const std::optional<std::string>& value) {
  const std::string name = rest_name(key.name);
  return value ? fmt::format("{}.eq.{}", name, rest_value(*value)) : fmt::format("{}.is.null", name);
}

}  // namespace

std::size_t RestPages::next_rows(sql::RowBatch& batch, std::size_t max_rows) {
  while (m_row == m_page.size()) {
    if (is_over()) return 0;
    fetch();
    if (m_page.empty()) fail_count();
  }
  const std::size_t rows = std::min(max_rows, m_page.size() - m_row);
  for (std::size_t i = 0; i < rows; ++i) take_cells(m_page[m_row++], batch.row(i));
  return rows;
}

void RestPages::fetch() {
  if (!m_is_first && m_plan.keys.empty()) {
    fail(ErrorCode::invalid_config,
         fmt::format("it has {} rows, more than a page, and no primary key that pages could follow", m_expected),
         "order: [column] names what tells its rows apart; channel: postgres needs none");
  }
  const std::optional<std::uint64_t> left = m_is_first ? m_plan.limit : m_expected - m_rows_read;
  const std::uint64_t rows = std::min(m_plan.page_rows, left.value_or(m_plan.page_rows));
  RestRequest request;
  request.table = m_plan.table;
  request.query = {{"select", join(m_plan.select, ",")}, {"limit", std::to_string(rows)}};
  std::vector<std::string> order;
  for (const PageKey& key : m_plan.keys)
    order.push_back(rest_name(key.name) + (key.is_descending ? ".desc" : ".asc"));
  if (!order.empty()) request.query.emplace_back("order", join(order, ","));
  if (std::string only = condition(); !only.empty()) request.query.emplace_back("and", fmt::format("({})", only));
  request.headers = {"Accept: application/json"};
  if (m_is_first) request.headers.emplace_back("Prefer: count=exact");
  const http::Response response = m_client->send(request);
  m_page = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!m_page.is_array()) {
    fail(ErrorCode::connection, "the server sent no list of rows",
         "check url of the connection: there is no PostgREST");
  }
  if (m_is_first) read_count(response);
  m_is_first = false;
  m_row = 0;
  m_rows_read += m_page.size();
  if (m_rows_read > m_expected) fail_count();
  if (m_page.empty()) return;
  m_last_keys.clear();
  for (const PageKey& key : m_plan.keys) {
    const Json& cell = m_page.back().at(cell_name(key.cell));
    m_last_keys.push_back(cell.is_null() ? std::nullopt : std::optional(cell.get<std::string>()));
  }
}

/// "0-24/3573" or "*/0".
void RestPages::read_count(const http::Response& response) {
  const std::string range = response.header("content-range");
  const auto total = parse_uint(range.substr(std::min(range.find('/') + 1, range.size())));
  if (!total) {
    fail(ErrorCode::connection, fmt::format("the server did not count the rows: Content-Range is '{}'", range),
         "check url of the connection: there is no PostgREST");
  }
  m_expected = m_plan.limit ? std::min(*total, *m_plan.limit) : *total;
}

std::string RestPages::condition() const {
  std::vector<std::string> parts;
  if (!m_plan.filter.empty()) parts.push_back(m_plan.filter);
  if (!m_last_keys.empty()) parts.push_back(behind_last_row());
  return join(parts, ",");
}

/// a > x, or a = x and b > y, or …
std::string RestPages::behind_last_row() const {
  std::vector<std::string> cases;
  std::string same_so_far;
  for (std::size_t i = 0; i < m_plan.keys.size(); ++i) {
    const std::string next = behind(m_plan.keys[i], m_last_keys[i]);
    if (!next.empty()) cases.push_back(same_so_far.empty() ? next : fmt::format("and({}{})", same_so_far, next));
    same_so_far += same(m_plan.keys[i], m_last_keys[i]) + ",";
  }
  return fmt::format("or({})", join(cases, ","));
}

void RestPages::fail_count() const {
  fail(ErrorCode::bad_data,
       fmt::format("the server counted {} rows, and {} came: some came or went meanwhile, or are the same in 'order'",
                   m_expected, m_rows_read),
       "an order that ends with a unique column tells all rows apart, a filter can leave out what changes, and "
       "channel: postgres reads under one snapshot");
}

namespace {

[[noreturn]] void fail_unknown_column(std::string_view name, const std::string& option,
                                      const std::vector<DescribedColumn>& columns) {
  std::vector<std::string> names;
  for (const DescribedColumn& column : columns) names.push_back(column.name);
  const auto nearest = closest_match(name, names);
  fail(ErrorCode::invalid_config,
       fmt::format("unknown column '{}' in '{}': the table has none of that name", name, option),
       nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("the columns are {}", join(names, ", ")));
}

const DescribedColumn& column_named(const std::vector<DescribedColumn>& columns, const std::string& name,
                                    const std::string& option) {
  const auto found = std::ranges::find(columns, name, &DescribedColumn::name);
  if (found == columns.end()) fail_unknown_column(name, option, columns);
  return *found;
}

/// The options that only SQL can do.
void check_rest_options(const Json& config) {
  for (const char* option : {"query", "params", "partition"}) {
    if (!config.contains(option)) continue;
    fail(ErrorCode::invalid_config, fmt::format("option '{}' does not go over rest", option),
         "PostgREST reads tables and views: use table, columns, filter, order and limit; or give the connection a "
         "pg_dsn");
  }
}

/// "name", "name asc" or "name desc".
PageKey read_order_item(const std::string& item) {
  const std::string lower = to_lower(item);
  PageKey key{.name = item};
  for (const std::string_view direction : {" asc", " desc"}) {
    if (!lower.ends_with(direction)) continue;
    key.name = trim(std::string_view(item).substr(0, item.size() - direction.size()));
    key.is_descending = direction == " desc";
  }
  return key;
}

std::vector<PageKey> page_keys(const Json& config, const std::vector<DescribedColumn>& columns) {
  std::vector<PageKey> keys;
  for (const std::string& item : config.value("order", std::vector<std::string>())) {
    PageKey key = read_order_item(item);
    key.is_nullable = column_named(columns, key.name, "order").is_nullable;
    keys.push_back(std::move(key));
  }
  for (const DescribedColumn& column : columns) {
    if (!column.is_key || std::ranges::find(keys, column.name, &PageKey::name) != keys.end()) continue;
    keys.push_back({.name = column.name, .is_nullable = false});
  }
  return keys;
}

std::string select_item(std::size_t cell, const std::string& name, bool is_cast) {
  return fmt::format("{}:{}{}", cell_name(cell), rest_name(name), is_cast ? "::text" : "");
}

}  // namespace

RestQuery rest_query(RestClient& client, const Json& config) {
  check_rest_options(config);
  RestQuery query;
  PagePlan& plan = query.plan;
  plan.table = value_or_throw(sql::parse_table_name(config.at("table").get<std::string>()));
  plan.page_rows = config.at("batch_size").get<std::uint64_t>();
  if (config.contains("limit")) plan.limit = config.at("limit").get<std::uint64_t>();
  if (config.contains("filter")) plan.filter = rest_filter(config.at("filter").get<std::string>());
  const std::vector<DescribedColumn> described = describe_table(client, plan.table).columns;
  std::vector<std::string> names = config.value("columns", std::vector<std::string>());
  if (names.empty()) std::ranges::transform(described, std::back_inserter(names), &DescribedColumn::name);
  const Json types = config.value("types", Json::object());
  for (const auto& [name, type] : types.items()) column_named(described, name, "types");
  for (const std::string& name : names) {
    const DescribedColumn& column = column_named(described, name, "columns");
    query.columns.push_back(text_column(name, types.value(name, column.type), config));
    plan.select.push_back(select_item(plan.select.size(), name, query.columns.back().is_cast));
  }
  plan.column_count = names.size();
  plan.keys = page_keys(config, described);
  for (PageKey& key : plan.keys) {
    key.cell = static_cast<std::size_t>(std::ranges::find(names, key.name) - names.begin());
    if (key.cell < names.size()) continue;
    key.cell = plan.select.size();
    plan.select.push_back(
        select_item(key.cell, key.name, column_named(described, key.name, "order").type != "character"));
  }
  return query;
}

}  // namespace spillway::drivers::supabase
