#include "drivers/supabase/table_description.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

using OrderedJson = nlohmann::ordered_json;  // columns keep their order

/// How PostgREST marks the columns of a primary key in their descriptions.
constexpr std::string_view k_key_mark = "<pk/>";

DescribedColumn read_column(const std::string& name, const OrderedJson& property,
                            const std::vector<std::string>& required) {
  DescribedColumn column;
  column.name = name;
  column.type = property.value("format", property.value("type", ""));
  column.is_nullable = std::ranges::find(required, name) == required.end();
  column.has_default = property.contains("default");
  column.is_key = property.value("description", "").find(k_key_mark) != std::string::npos;
  return column;
}

}  // namespace

std::vector<DescribedTable> read_descriptions(const OrderedJson& document) {
  std::vector<DescribedTable> tables;
  if (!document.is_object() || !document.contains("definitions")) {
    fail(ErrorCode::connection, "cannot read the project's OpenAPI description: it has no definitions",
         "check url of the connection: PostgREST answers at <url>/rest/v1");
  }
  for (const auto& [name, definition] : document.at("definitions").items()) {
    DescribedTable& table = tables.emplace_back();
    table.name = name;
    const auto required = definition.value("required", std::vector<std::string>());
    const auto properties = definition.find("properties");
    if (properties == definition.end()) continue;
    for (const auto& [column, property] : properties->items()) {
      table.columns.push_back(read_column(column, property, required));
    }
  }
  std::ranges::sort(tables, {}, &DescribedTable::name);
  return tables;
}

std::vector<DescribedTable> describe_tables(RestClient& client, const sql::TableName& table) {
  RestRequest request;
  request.table.schema = table.schema;
  request.headers = {"Accept: application/openapi+json, application/json"};
  return read_descriptions(OrderedJson::parse(client.send(request).body, nullptr, /*allow_exceptions=*/false));
}

DescribedTable describe_table(RestClient& client, const sql::TableName& table) {
  std::vector<DescribedTable> tables = describe_tables(client, table);
  const auto found = std::ranges::find(tables, table.name, &DescribedTable::name);
  if (found != tables.end()) return std::move(*found);
  std::vector<std::string> names;
  for (const DescribedTable& one : tables) names.push_back(one.name);
  const auto nearest = closest_match(table.name, names);
  fail(ErrorCode::sql, fmt::format("there is no table '{}' that REST shows", table.shown()),
       nearest ? fmt::format("did you mean '{}'?", *nearest)
               : "NOTIFY pgrst, 'reload schema' in the database tells PostgREST of tables that are new");
}

}  // namespace spillway::drivers::supabase
