#include "drivers/supabase/channel.hpp"

#include <utility>

#include <fmt/format.h>

#include "config/connection_fields.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

/// Over PostgreSQL nothing happens at the end of a batch but a report.
constexpr std::uint64_t k_rows_between_reports = 1'000'000;
constexpr auto k_rest_path = "/rest/v1";

[[noreturn]] void fail_channel(std::string_view channel, std::string_view lack, std::string hint) {
  fail(ErrorCode::invalid_config, fmt::format("cannot use channel '{}': the connection has {}", channel, lack),
       std::move(hint));
}

}  // namespace

bool has_dsn(const Json& fields) { return !config::field_text(fields, "pg_dsn").empty(); }

Channel choose_channel(const Json& config, const Json& fields) {
  const auto wish = config.at("channel").get<std::string>();
  if (wish != "rest" && has_dsn(fields)) return Channel::postgres;
  if (wish == "postgres") {
    fail_channel(wish, "no pg_dsn",
                 "pg_dsn: ${SUPABASE_DSN} names the database or its pooler; channel: rest needs none");
  }
  if (rest_url(fields).empty()) {
    fail_channel(wish, wish == "rest" ? "neither url nor project_id" : "neither pg_dsn nor url nor project_id",
                 "url: https://<project>.supabase.co with service_role_key, or pg_dsn, say where the project is");
  }
  if (rest_key(fields).empty()) {
    fail_channel("rest", "no key", "service_role_key: ${SUPABASE_KEY} gives one; key and anon_key do so as well");
  }
  return Channel::rest;
}

void become_postgres(Json& fields) { fields["dsn"] = std::move(fields["pg_dsn"]); }

void become_postgres(StepContext& context) {
  become_postgres(context.connection_fields);
  context.config.erase("channel");
  context.config.erase("types");
  context.config["batch_size"] = k_rows_between_reports;
}

std::string rest_key(const Json& fields) {
  for (const char* name : {"service_role_key", "key", "anon_key"}) {
    if (std::string key = config::field_text(fields, name); !key.empty()) return key;
  }
  return {};
}

std::string rest_url(const Json& fields) {
  std::string url = config::field_text(fields, "url");
  if (url.empty()) {
    const std::string project = config::field_text(fields, "project_id");
    return project.empty() ? "" : fmt::format("https://{}.supabase.co{}", project, k_rest_path);
  }
  while (url.ends_with('/')) url.pop_back();
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  return url.find('/', host) == std::string::npos ? url + k_rest_path : url;
}

}  // namespace spillway::drivers::supabase
