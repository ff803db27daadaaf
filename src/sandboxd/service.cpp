#include "sandboxd/service.hpp"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandboxd/connect_codec.hpp"
#include "sandboxd/control_plane.hpp"
#include "sandboxd/files.hpp"
#include "sandboxd/filesystem_rpc.hpp"
#include "sandboxd/json_response.hpp"
#include "sandboxd/process_rpc.hpp"
#include "util/base64.hpp"
#include "util/sha256.hpp"
#include "util/strings.hpp"

namespace spillway::sandboxd {
namespace {

constexpr unsigned k_bad_gateway = 502;
constexpr unsigned k_unsupported_type = 415;
constexpr auto k_stream_type = "application/connect+json";
constexpr std::string_view k_data_port = "49983";
constexpr std::string_view k_process_path = "/process.Process/";
constexpr std::string_view k_filesystem_path = "/filesystem.Filesystem/";

/// Tells nothing by the time that it takes.
bool is_same_secret(std::string_view given, std::string_view secret) {
  return sha256_hex(given) == sha256_hex(secret);
}

/// A request whose body is wanted as a whole.
class Buffered : public Exchange {
 public:
  using Answer = std::function<HttpResponse(const std::string& body)>;
  explicit Buffered(Answer answer) : m_answer(std::move(answer)) {}

  void take(std::string_view piece) override {
    if (m_body.size() + piece.size() > k_most_request_bytes) {
      refuse(413, fmt::format("a request has at most {}", human_bytes(k_most_request_bytes)));
    }
    m_body += piece;
  }
  HttpResponse finish() override { return m_answer(m_body); }

 private:
  Answer m_answer;
  std::string m_body;
};

/// The id and the port that a request is for: from the headers, else from a host such as 49983-<id>.<domain>.
std::pair<std::string, std::string> addressed(const HttpRequest& request) {
  std::string id(request.header("e2b-sandbox-id"));
  std::string port(request.header("e2b-sandbox-port"));
  if (id.empty()) {
    const std::string_view host = request.header("host");
    const std::string_view label = host.substr(0, host.find('.'));
    if (const std::size_t dash = label.find('-'); dash != std::string_view::npos && label.size() < host.size()) {
      port = label.substr(0, dash);
      id = label.substr(dash + 1);
    }
  }
  return {id.substr(0, id.find('-')), port.empty() ? std::string(k_data_port) : port};
}

[[noreturn]] void refuse_as_proxy(const std::string& id, const std::string& message, const std::string& port) {
  ordered_json body{{"sandboxId", id}, {"message", message}, {"code", k_bad_gateway}};
  if (!port.empty()) body["port"] = parse_uint(port).value_or(0);
  throw Refused(json_response(k_bad_gateway, body));
}

/// There is one user.
void check_user(std::string_view name) {
  if (name.empty() || name == "user") return;
  throw RpcError(RpcCode::unauthenticated, fmt::format("invalid username '{}': the user here is 'user'", name));
}

void check_rpc_user(const HttpRequest& request) {
  constexpr std::string_view k_basic = "Basic ";
  const std::string_view header = request.header("authorization");
  if (!header.starts_with(k_basic)) return;
  const std::string plain = from_base64(trim(header.substr(k_basic.size()))).value_or("");
  check_user(std::string_view(plain).substr(0, plain.find(':')));
}

/// A URL that was signed with the token, for whoever has no token.
bool has_signature(const HttpRequest& request, const std::string& token) {
  const std::string_view expiry = request.parameter("signature_expiration");
  const std::string operation = request.method == "GET" ? "read" : "write";
  std::string text =
      fmt::format("{}:{}:{}:{}", request.parameter("path"), operation, request.parameter("username"), token);
  if (!expiry.empty()) text += fmt::format(":{}", expiry);
  std::string digest;
  const std::string hex = sha256_hex(text);
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    digest += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  }
  std::string expected = to_base64(digest);
  expected.erase(expected.find_last_not_of('=') + 1);
  if (!is_same_secret(request.parameter("signature"), "v1_" + expected)) return false;
  const auto now = static_cast<std::uint64_t>(epoch_milliseconds(std::chrono::system_clock::now()) / 1000);
  return expiry.empty() || parse_uint(expiry).value_or(0) >= now;
}

HttpResponse usage_response(Sandbox& sandbox, const JailLimits& limits) {
  const Usage usage = sandbox.measure();
  constexpr std::uint64_t k_megabyte = std::uint64_t{1} << 20;
  return json_response(k_http_ok, {{"ts", epoch_milliseconds(std::chrono::system_clock::now()) / 1000},
                                   {"cpu_count", std::max(1U, std::thread::hardware_concurrency())},
                                   {"cpu_used_pct", usage.cpu_percent},
                                   {"mem_total", limits.memory_bytes},
                                   {"mem_used", usage.memory_bytes},
                                   {"mem_cache", usage.disk_used},  // files are in memory
                                   {"mem_total_mib", limits.memory_bytes / k_megabyte},
                                   {"mem_used_mib", usage.memory_bytes / k_megabyte},
                                   {"disk_used", usage.disk_used},
                                   {"disk_total", usage.disk_total}});
}

/// What the routes of files throw, as their JSON.
template <typename Action>
auto answering_files(Action action) {
  try {
    return action();
  } catch (const RpcError& error) {
    throw Refused(error_response(error));
  }
}

std::unique_ptr<Exchange> begin_files(const std::shared_ptr<Sandbox>& sandbox, HttpRequest request) {
  answering_files([&] { check_user(request.parameter("username")); });
  if (request.method == "POST") return answering_files([&] { return begin_upload(sandbox, request); });
  if (request.method != "GET") refuse(405, fmt::format("{} is not allowed on /files", request.method));
  return std::make_unique<Buffered>([sandbox, request = std::move(request)](const std::string&) {
    return answering_files([&] { return download(*sandbox, request); });
  });
}

std::unique_ptr<Exchange> begin_stream(const std::shared_ptr<Sandbox>& sandbox, HttpRequest request) {
  if (request.media_type() != k_stream_type) {
    throw Refused({k_unsupported_type, {{"Accept-Post", k_stream_type}}, std::string()});
  }
  return std::make_unique<Buffered>([sandbox, request = std::move(request)](const std::string& body) {
    HttpResponse response{k_http_ok, {{"Content-Type", k_stream_type}}, std::string()};
    try {
      check_rpc_user(request);
      StreamTerms terms;
      terms.timeout = parse_timeout(request.header("connect-timeout-ms"));
      if (const auto seconds = parse_uint(request.header("keepalive-ping-interval")); seconds && *seconds > 0) {
        terms.keepalive = std::chrono::seconds(std::min<std::uint64_t>(*seconds, 3600));
      }
      response.body = stream_process(sandbox, request.path, parse_enveloped(body), terms);
    } catch (const RpcError& error) {
      response.body = end_of_stream(error);
    }
    return response;
  });
}

std::unique_ptr<Exchange> begin_call(const std::shared_ptr<Sandbox>& sandbox, HttpRequest request) {
  if (request.media_type() != k_json_type) {
    throw Refused({k_unsupported_type, {{"Accept-Post", k_json_type}}, std::string()});
  }
  return std::make_unique<Buffered>([sandbox, request = std::move(request)](const std::string& body) {
    const std::string_view path = request.path;
    try {
      check_rpc_user(request);
      const Json message = parse_message(body);
      return json_response(k_http_ok,
                           path.starts_with(k_process_path)
                               ? call_process(*sandbox, path.substr(k_process_path.size()), message)
                               : call_filesystem(*sandbox, path.substr(k_filesystem_path.size()), message));
    } catch (const RpcError& error) {
      return HttpResponse{http_status(error.code()), {{"Content-Type", k_json_type}}, error_body(error)};
    }
  });
}

std::unique_ptr<Exchange> begin_rpc(const std::shared_ptr<Sandbox>& sandbox, HttpRequest request) {
  if (request.method != "POST") refuse(405, fmt::format("{} is not allowed on {}", request.method, request.path));
  const bool is_stream = request.path == k_start_path || request.path == k_connect_path;
  if (is_stream || request.media_type() == k_stream_type) return begin_stream(sandbox, std::move(request));
  return begin_call(sandbox, std::move(request));
}

}  // namespace

std::unique_ptr<Exchange> Service::begin(HttpRequest request) {
  if (is_control_path(request.path)) return begin_control(std::move(request));
  return begin_data(std::move(request));
}

std::unique_ptr<Exchange> Service::begin_control(HttpRequest request) {
  const std::string_view key = request.header("x-api-key");
  if (key.empty()) refuse(401, "the header X-API-Key is missing");
  if (!is_same_secret(key, m_key)) refuse(401, "the API key is not the one of this server");
  return std::make_unique<Buffered>([this, request = std::move(request)](const std::string& body) {
    return serve_control(m_keeper, request, body);
  });
}

std::unique_ptr<Exchange> Service::begin_data(HttpRequest request) {
  const auto [id, port] = addressed(request);
  const std::string& path = request.path;
  const auto nothing = [](const std::string&) { return HttpResponse{k_http_no_content, {}, std::string()}; };
  if (id.empty()) {
    if (path == "/health") return std::make_unique<Buffered>(nothing);
    refuse(path == "/" ? 404 : 400, "no sandbox is named: the header E2b-Sandbox-Id is missing");
  }
  const std::shared_ptr<Sandbox> sandbox = m_keeper.find(id);
  if (!sandbox) refuse_as_proxy(id, "The sandbox was not found", "");
  if (port != k_data_port) refuse_as_proxy(id, "The sandbox is running but port is not open", port);
  if (path == "/health") return std::make_unique<Buffered>(nothing);
  const std::string& token = sandbox->identity().token;
  const bool is_known =
      is_same_secret(request.header("x-access-token"), token) || (path == "/files" && has_signature(request, token));
  if (!is_known)
    refuse(401, "unauthorized access, please provide a valid access token or method signing if supported");
  if (path == "/files") return begin_files(sandbox, std::move(request));
  if (path == "/metrics") {
    return std::make_unique<Buffered>([this, sandbox](const std::string&) {
      return answering_files([&] { return usage_response(*sandbox, m_keeper.options().limits); });
    });
  }
  if (path == "/envs") {
    return std::make_unique<Buffered>(
        [sandbox](const std::string&) { return json_response(k_http_ok, sandbox->identity().environment); });
  }
  if (path.starts_with(k_process_path) || path.starts_with(k_filesystem_path)) {
    return begin_rpc(sandbox, std::move(request));
  }
  refuse(404, fmt::format("there is no {}", path));
}

}  // namespace spillway::sandboxd
