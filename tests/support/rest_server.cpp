#include "support/rest_server.hpp"

#include <httplib.h>

#include <algorithm>
#include <regex>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/sql/table_name.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::testing {
namespace {

using Json = nlohmann::json;

constexpr auto k_json = "application/json; charset=utf-8";

/// What is answered in place of rows.
struct Refusal {
  int status;
  std::string code;
  std::string message;
  std::string details = {};
};

std::string sql_name(const std::string& name) { return drivers::sql::quoted(name, '"'); }

/// PostgREST's small language: names, values between quotes, lists and operators.
class Parser {
 public:
  explicit Parser(std::string text) : m_text(std::move(text)) {}

  /// (a.eq."1",or(b.is.null,…)) as SQL.
  std::string list(const char* joint) {
    expect('(');
    std::string sql = item();
    while (take(',')) sql += fmt::format(" {} {}", joint, item());
    expect(')');
    return fmt::format("({})", sql);
  }
  /// c0:"a name"::text,… as SQL.
  std::string select() {
    std::string sql;
    do {
      std::string alias;
      std::string name = word(":,");
      if (peek(':') && m_text.compare(m_at, 2, "::") != 0) {
        expect(':');
        alias = name;
        name = word(":,");
      }
      const bool is_cast = m_text.compare(m_at, 2, "::") == 0;
      if (is_cast) m_at += 2;
      sql += fmt::format("{}{}{} AS {}", sql.empty() ? "" : ", ", sql_name(name), is_cast ? "::" + word(",") : "",
                         sql_name(alias.empty() ? name : alias));
    } while (take(','));
    return sql;
  }
  std::string order() {
    std::string sql;
    do {
      const std::string name = word(".,");
      const std::string direction = take('.') ? word(",") : "asc";
      sql += fmt::format("{}{} {}", sql.empty() ? "" : ", ", sql_name(name), direction);
    } while (take(','));
    return sql;
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    do names.push_back(word(","));
    while (take(','));
    return names;
  }

 private:
  bool peek(char c) const { return m_at < m_text.size() && m_text[m_at] == c; }
  bool take(char c) {
    if (!peek(c)) return false;
    ++m_at;
    return true;
  }
  void expect(char c) {
    if (!take(c)) throw Refusal{400, "PGRST100", fmt::format("\"failed to parse ({})\"", m_text)};
  }
  /// Up to one of these characters, or what is between quotes.
  std::string word(std::string_view ends) {
    std::string word;
    if (take('"')) {
      while (!peek('"')) {
        if (peek('\\')) ++m_at;
        if (m_at >= m_text.size()) break;
        word += m_text[m_at++];
      }
      expect('"');
      return word;
    }
    while (m_at < m_text.size() && ends.find(m_text[m_at]) == std::string_view::npos) word += m_text[m_at++];
    return word;
  }

  std::string item() {
    const bool is_negated = m_text.compare(m_at, 4, "not.") == 0;
    if (is_negated) m_at += 4;
    for (const char* joint : {"and", "or"}) {
      const std::string start = std::string(joint) + "(";
      if (m_text.compare(m_at, start.size(), start) != 0) continue;
      m_at += start.size() - 1;
      return (is_negated ? "NOT " : "") + list(joint);
    }
    const std::string column = sql_name(word("."));
    expect('.');
    std::string operation = word(".");
    expect('.');
    const bool is_not = operation == "not";
    if (is_not) {
      operation = word(".");
      expect('.');
    }
    return fmt::format("{}({} {})", is_negated || is_not ? "NOT " : "", column, comparison(operation));
  }

  std::string comparison(const std::string& operation) {
    if (operation == "is") return "IS " + word(",)");
    if (operation == "in") {
      expect('(');
      std::string values = literal();
      while (take(',')) values += ", " + literal();
      expect(')');
      return fmt::format("IN ({})", values);
    }
    static const std::map<std::string, std::string> k_operators{{"eq", "="},      {"neq", "<>"},     {"lt", "<"},
                                                                {"lte", "<="},    {"gt", ">"},       {"gte", ">="},
                                                                {"like", "LIKE"}, {"ilike", "ILIKE"}};
    const auto found = k_operators.find(operation);
    if (found == k_operators.end()) throw Refusal{400, "PGRST100", "unknown operator " + operation};
    std::string value = literal();
    if (operation.ends_with("like")) std::ranges::replace(value, '*', '%');
    return fmt::format("{} {}", found->second, value);
  }
  std::string literal() { return engine::quote_literal(word(",)")); }

  std::string m_text;
  std::size_t m_at = 0;
};

/// The status that PostgREST gives an SQLSTATE.
int status_of(const std::string& state) {
  if (state == "23505" || state == "23503") return 409;
  if (state == "42501") return 403;
  if (state == "42P01") return 404;
  if (state.starts_with("53") || state.starts_with("08")) return 503;
  return state.starts_with("40") || state.starts_with("57") ? 500 : 400;
}

Refusal refusal_of(const Error& error) {
  std::smatch match;
  const std::regex pattern(R"(^(.*?)(?:: (Key .*))? \[SQLSTATE (\w+)\]$)");
  if (!std::regex_match(error.message, match, pattern)) return {500, "", error.message};
  return {status_of(match[3]), match[3], match[1], match[2]};
}

std::string error_json(const Refusal& refusal) {
  return Json{{"code", refusal.code},
              {"message", refusal.message},
              {"details", refusal.details.empty() ? Json() : Json(refusal.details)},
              {"hint", nullptr}}
      .dump();
}

std::string profile_of(const httplib::Request& request) {
  const std::string header = request.method == "GET" ? "Accept-Profile" : "Content-Profile";
  return request.has_header(header.c_str()) ? request.get_header_value(header.c_str()) : "public";
}

bool prefers(const httplib::Request& request, const std::string& what) {
  return request.get_header_value("Prefer").find(what) != std::string::npos;
}

std::string parameter_of(const httplib::Request& request, const char* name) {
  return request.has_param(name) ? request.get_param_value(name) : "";
}

}  // namespace

RestServer::RestServer(const PostgresServer& database, Tls tls) {
  const Json fields{{"socket", database.socket_folder().string()},
                    {"port", database.port()},
                    {"database", PostgresServer::k_database},
                    {"user", PostgresServer::k_user},
                    {"password", PostgresServer::k_password}};
  m_database = std::make_unique<drivers::postgres::ServerConnection>(
      drivers::postgres::ConnectOptions{fields, "/", "rest server"}, m_never);
  m_scheme = tls == Tls::on ? "https" : "http";
  if (tls == Tls::on) {
    m_server = std::make_unique<httplib::SSLServer>((database.folder() / "tls/server.crt").c_str(),
                                                    (database.folder() / "tls/server.key").c_str());
  } else {
    m_server = std::make_unique<httplib::Server>();
  }
  const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
    serve(request, response);
  };
  m_server->Get("/rest/v1/.*", handler);
  m_server->Post("/rest/v1/.*", handler);
  m_port = m_server->bind_to_any_port(DatabaseServer::k_host);
  m_thread = std::thread([this] { m_server->listen_after_bind(); });
}

RestServer::~RestServer() {
  while (!m_server->is_running()) std::this_thread::yield();
  m_server->stop();
  m_thread.join();
}

std::string RestServer::url() const { return fmt::format("{}://{}:{}", m_scheme, DatabaseServer::k_host, m_port); }

void RestServer::before_each(std::function<void(int)> action) {
  const std::lock_guard lock(m_mutex);
  m_before = std::move(action);
}

void RestServer::freeze_schema_cache(const std::string& schema) {
  const std::lock_guard lock(m_mutex);
  m_frozen = openapi(schema);
}

void RestServer::reload_schema_cache() {
  const std::lock_guard lock(m_mutex);
  m_frozen.clear();
}

void RestServer::fail_next(const std::string& method, std::vector<RestFault> faults) {
  const std::lock_guard lock(m_mutex);
  for (RestFault& fault : faults) m_faults.emplace_back(method, std::move(fault));
}

std::vector<std::string> RestServer::take_log() {
  const std::lock_guard lock(m_mutex);
  return std::exchange(m_log, {});
}

PackedBytes RestServer::take_packed_bytes() {
  const std::lock_guard lock(m_mutex);
  return std::exchange(m_packed, {});
}

void RestServer::serve(const httplib::Request& request, httplib::Response& response) {
  const std::lock_guard lock(m_mutex);
  m_log.push_back(fmt::format("{} {}", request.method, httplib::detail::decode_url(request.target, false)));
  if (m_before) m_before(++m_count);
  const auto fault = std::ranges::find(m_faults, request.method, &std::pair<std::string, RestFault>::first);
  if (fault == m_faults.end()) {
    answer(request, response);
    return pack(request, response);
  }
  const RestFault met = fault->second;
  m_faults.erase(fault);
  if (met.serve == RestFault::Serve::yes) answer(request, response);
  if (met.status == 0) {
    response.body.clear();
    response.set_content_provider(100, k_json, [](size_t, size_t, httplib::DataSink&) { return false; });
    return;
  }
  response.status = met.status;
  if (!met.retry_after.empty()) response.set_header("Retry-After", met.retry_after);
  response.set_content(met.body, met.body.starts_with('{') ? k_json : "text/html");
}

void RestServer::answer(const httplib::Request& request, httplib::Response& response) {
  try {
    const bool is_let_in = request.get_header_value("apikey") == k_key &&
                           request.get_header_value("Authorization") == std::string("Bearer ") + k_key;
    if (!is_let_in) throw Refusal{401, "PGRST301", "No suitable key or wrong key type"};
    const std::string table = request.path.substr(std::string_view("/rest/v1/").size());
    if (table.empty()) {
      response.set_content(m_frozen.empty() ? openapi(profile_of(request)) : m_frozen, "application/openapi+json");
    } else if (request.method == "GET") {
      read(request, response, table);
    } else {
      insert(request, response, table);
    }
  } catch (const Refusal& refusal) {
    response.status = refusal.status;
    response.set_content(error_json(refusal), k_json);
  } catch (const Exception& exception) {
    const Refusal refusal = refusal_of(exception.error());
    response.status = refusal.status;
    response.set_content(error_json(refusal), k_json);
  }
}

void RestServer::pack(const httplib::Request& request, httplib::Response& response) {
  if (response.body.empty() || request.get_header_value("Accept-Encoding") != "gzip") return;
  std::string packed;
  httplib::detail::gzip_compressor().compress(response.body.data(), response.body.size(), /*last=*/true,
                                              [&](const char* bytes, std::size_t size) {
                                                packed.append(bytes, size);
                                                return true;
                                              });
  m_packed.plain += response.body.size();
  m_packed.sent += packed.size();
  response.body = std::move(packed);
  response.set_header("Content-Encoding", "gzip");
}

void RestServer::read(const httplib::Request& request, httplib::Response& response, const std::string& table) {
  const std::string from = fmt::format("{}.{}", sql_name(profile_of(request)), sql_name(table));
  std::string where = "true";
  if (request.has_param("and")) where = Parser(parameter_of(request, "and")).list("and");
  const std::string select = request.has_param("select") ? Parser(parameter_of(request, "select")).select() : "*";
  std::string page = fmt::format("SELECT {} FROM {} WHERE {}", select, from, where);
  if (request.has_param("order")) page += " ORDER BY " + Parser(parameter_of(request, "order")).order();
  auto limit = parse_uint(parameter_of(request, "limit"));
  if (m_max_rows != 0) limit = std::min<std::uint64_t>(limit.value_or(m_max_rows), m_max_rows);
  if (limit) page += fmt::format(" LIMIT {}", *limit);
  const auto rows =
      m_database->rows(fmt::format("WITH page AS MATERIALIZED ({}) SELECT (SELECT coalesce(json_agg(page), "
                                   "'[]')::text FROM page), (SELECT count(*) FROM page), "
                                   "(SELECT count(*) FROM {} WHERE {})",
                                   page, from, where));
  const std::string count = rows[0][1].value();
  const std::string range = count == "0" ? "*" : fmt::format("0-{}", *parse_uint(count) - 1);
  const bool is_counted = prefers(request, "count=exact");
  response.status = is_counted && rows[0][1] != rows[0][2] ? 206 : 200;
  response.set_header("Content-Range", fmt::format("{}/{}", range, is_counted ? rows[0][2].value() : "*"));
  response.set_content(rows[0][0].value(), k_json);
}

void RestServer::insert(const httplib::Request& request, httplib::Response& response, const std::string& table) {
  const std::string schema = profile_of(request);
  const Json known = Json::parse(m_frozen.empty() ? openapi(schema) : m_frozen).at("definitions");
  if (!known.contains(table)) {
    throw Refusal{404, "PGRST205",
                  fmt::format("Could not find the table '{}.{}' in the schema cache", schema, table)};
  }
  const std::vector<std::string> columns = Parser(parameter_of(request, "columns")).names();
  for (const std::string& column : columns) {
    if (known.at(table).at("properties").contains(column)) continue;
    throw Refusal{400, "PGRST204",
                  fmt::format("Could not find the '{}' column of '{}' in the schema cache", column, table)};
  }
  const std::string names = drivers::sql::quoted_list(columns, '"');
  const std::string into = fmt::format("{}.{}", sql_name(schema), sql_name(table));
  std::string conflict;
  if (prefers(request, "resolution=")) {
    const std::vector<std::string> keys = Parser(parameter_of(request, "on_conflict")).names();
    std::string updates;
    for (const std::string& column : columns) {
      updates += fmt::format("{}{} = EXCLUDED.{}", updates.empty() ? "" : ", ", sql_name(column), sql_name(column));
    }
    conflict = fmt::format(" ON CONFLICT ({}) DO {}", drivers::sql::quoted_list(keys, '"'),
                           prefers(request, "ignore-duplicates") ? "NOTHING" : "UPDATE SET " + updates);
  }
  const std::string count = m_database->text(
      fmt::format("WITH written AS (INSERT INTO {} ({}) SELECT {} FROM json_populate_recordset(NULL::{}, $1::json){} "
                  "RETURNING 1) SELECT count(*) FROM written",
                  into, names, names, into, conflict),
      {request.body});
  response.status = 201;
  response.set_header("Content-Range", prefers(request, "count=exact") ? "*/" + count : "*/*");
}

std::string RestServer::openapi(const std::string& schema) {
  nlohmann::ordered_json definitions = nlohmann::ordered_json::object();
  for (const auto& row : m_database->rows(
           "SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull, "
           "pg_get_expr(d.adbin, d.adrelid), coalesce(a.attnum = ANY (i.indkey), false) "
           "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
           "LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
           "LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
           "WHERE c.relkind IN ('r', 'v', 'p') AND c.relnamespace = $1::regnamespace ORDER BY c.relname, a.attnum",
           {sql_name(schema)})) {
    nlohmann::ordered_json& table = definitions[row[0].value()];
    nlohmann::ordered_json property{{"format", row[2].value()}};
    if (row[4]) property["default"] = *row[4];
    if (row[5] == "t") property["description"] = "Note:\nThis is a Primary Key.<pk/>";
    table["properties"][row[1].value()] = property;
    if (row[3] == "t") table["required"].push_back(row[1].value());
  }
  return nlohmann::ordered_json{{"swagger", "2.0"}, {"definitions", definitions}}.dump();
}

}  // namespace spillway::testing
