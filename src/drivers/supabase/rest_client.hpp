#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/sql/table_name.hpp"
#include "util/http/client.hpp"

namespace spillway::drivers::supabase {

/// A request to PostgREST. Values of the query are encoded when it is sent.
struct RestRequest {
  std::string method = "GET";
  sql::TableName table = {};  ///< without a name: the description of all
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::string> headers = {};
  std::string_view body = {};
  bool is_idempotent = true;
};

/// A project's PostgREST. What is transient is tried again, with the pause that the server asks for: a request that
/// is not idempotent only when it surely was not carried out.
class RestClient {
 public:
  /// `fields` are those of the connection.
  RestClient(const nlohmann::json& fields, const std::filesystem::path& base_dir, const CancelToken& cancel);

  /// The answer, when it is 2xx; else throws, not retryable any more.
  http::Response send(const RestRequest& request);
  /// Whether what send threw last may have been carried out all the same.
  bool is_outcome_unknown() const { return m_is_outcome_unknown; }

 private:
  http::Request http_request(const RestRequest& request) const;
  http::Response send_once(const http::Request& request);

  std::string m_url;
  std::string m_key;
  std::string m_schema;
  const CancelToken& m_cancel;
  http::Client m_http;
  std::chrono::seconds m_asked_pause{0};
  bool m_is_outcome_unknown = false;
};

/// A name as PostgREST reads it in select, order, columns and conditions: between quotes where it needs them.
std::string rest_name(std::string_view name);
/// A value in a condition.
std::string rest_value(std::string_view value);

}  // namespace spillway::drivers::supabase
