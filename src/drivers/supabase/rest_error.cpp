#include "drivers/supabase/rest_error.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "protocol/codec.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::supabase {
namespace {

using Json = nlohmann::json;

constexpr int k_unauthorized = 401;
constexpr int k_forbidden = 403;
constexpr int k_not_found = 404;
constexpr int k_timeout = 408;
constexpr int k_too_many = 429;
constexpr int k_server_error = 500;
constexpr std::size_t k_shown_bytes = 200;

struct CodeHint {
  std::string_view code;
  std::string_view hint;
};
constexpr std::array k_code_hints{
    CodeHint{"PGRST106", "the project's API settings list the schemas that REST may use"},
    CodeHint{"PGRST202", "NOTIFY pgrst, 'reload schema' in the database tells PostgREST of what is new there"},
    CodeHint{"PGRST204", "NOTIFY pgrst, 'reload schema' in the database tells PostgREST of columns that are new"},
    CodeHint{"PGRST205",
             "check the name; NOTIFY pgrst, 'reload schema' in the database tells PostgREST of new tables"},
    CodeHint{"PGRST301", "check the connection's key: it is of another project, or has expired"},
    CodeHint{"PGRST303", "check the connection's key: it is of another project, or has expired"},
    CodeHint{"42501", "the connection's key has no right to do this: use the service_role_key, or grant it"},
    CodeHint{"42P10", "primary_key must be the columns of a primary key or a unique index"},
    CodeHint{"23505", "write_mode: upsert with primary_key updates the rows that are there"},
    CodeHint{"57014", "a smaller batch_size makes requests shorter, and channel: postgres has no limit of time"},
};

bool is_sqlstate(std::string_view code) {
  constexpr std::size_t k_length = 5;
  return code.size() == k_length &&
         std::ranges::all_of(code, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

ErrorCode error_code_of(const RestFault& fault) {
  if (fault.status == k_unauthorized) return ErrorCode::connection;
  if (is_sqlstate(fault.code)) return ErrorCode::sql;
  if (fault.code.starts_with("PGRST") && fault.status < k_server_error) return ErrorCode::invalid_config;
  return ErrorCode::connection;
}

}  // namespace

RestFault read_fault(const http::Response& response) {
  RestFault fault;
  fault.status = response.status;
  const Json body = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (body.is_object()) {
    fault.code = protocol::text_or(body, "code");
    fault.message = protocol::text_or(body, "message");
    fault.details = protocol::text_or(body, "details");
    fault.hint = protocol::text_or(body, "hint");
  } else {
    fault.message = to_valid_utf8(trim(std::string_view(response.body).substr(0, k_shown_bytes)));
    std::ranges::replace(fault.message, '\n', ' ');
  }
  return fault;
}

RestVerdict judge(int status, std::string_view code) {
  if (status == k_too_many) return {true, true};
  // PostgREST got no connection to the database, or none from its pool, or is starting.
  if (code == "PGRST000" || code == "PGRST002" || code == "PGRST003") return {true, true};
  if (is_sqlstate(code)) {
    const bool is_lost = code.starts_with("08");
    const bool may_pass =
        is_lost || code.starts_with("40") || code.starts_with("53") || code.starts_with("57P") || code == "55P03";
    // A statement that failed takes its transaction with it, unless nobody heard of how it ended.
    return {may_pass, !is_lost};
  }
  if (status == k_timeout) return {true, false};
  if (status < k_server_error) return {false, true};
  return {true, false};
}

Error rest_error(const RestFault& fault) {
  std::string message = fault.message.empty() ? "the server gave no reason" : fault.message;
  if (!fault.details.empty()) message += "; " + fault.details;
  const std::string code = fault.code.empty() ? "" : fmt::format(", {}", fault.code);
  Error error =
      make_error(error_code_of(fault), fmt::format("{} [HTTP {}{}]", message, fault.status, code), fault.hint);
  const auto* known = std::ranges::find(k_code_hints, fault.code, &CodeHint::code);
  if (known != k_code_hints.end()) {
    error.hint = known->hint;
  } else if (fault.status == k_unauthorized || (fault.status == k_forbidden && fault.code.empty())) {
    error.hint = "check the connection's key: it is of another project, or has expired";
  } else if (fault.status == k_not_found && fault.code.empty()) {
    error.hint = "check url of the connection: there is no PostgREST";
  }
  return error;
}

}  // namespace spillway::drivers::supabase
