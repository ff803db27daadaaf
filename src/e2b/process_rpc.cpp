#include "e2b/process_rpc.hpp"

#include <utility>

#include <fmt/format.h>

#include "e2b/connect_stream.hpp"
#include "e2b/json_text.hpp"
#include "protocol/codec.hpp"
#include "util/base64.hpp"

namespace spillway::e2b {
namespace {

using nlohmann::json;

/// Of a call that answers at once; taking input may wait for the process.
constexpr std::chrono::seconds k_call_silence{60};
constexpr std::chrono::seconds k_input_silence{300};

std::string path_of(const char* method) { return fmt::format("/process.Process/{}", method); }

json selector(std::uint32_t pid) { return {{"pid", pid}}; }

}  // namespace

Answer<void> ProcessRpc::stream(std::string_view what, const char* method, const std::string& message,
                                const Handler& handler) {
  const std::string body = envelope_of(message);
  http::Request request{.method = "POST", .body = body, .is_idempotent = false};
  request.headers = {"Content-Type: application/connect+json", "Connect-Protocol-Version: 1",
                     fmt::format("Keepalive-Ping-Interval: {}", k_keep_alive.count())};
  request.silence = k_most_silence;
  EnvelopeReader reader;
  std::optional<RequestError> failure;
  request.on_body = [&](const http::Response&, std::string_view bytes) {
    reader.append(bytes);
    while (const std::optional<Envelope> envelope = reader.next()) {
      if (envelope->is_end) {
        failure = decode_stream_end(what, envelope->payload);
      } else {
        handler(decode_process_event(envelope->payload));
      }
    }
  };
  auto answer = m_plane.send(what, path_of(method), std::move(request));
  if (failure) return tl::unexpected(*std::move(failure));
  if (reader.has_ended()) return {};
  if (!answer) return tl::unexpected(std::move(answer.error()));
  RequestError cut{make_error(ErrorCode::sandbox, fmt::format("{}: its stream was cut", what)), Fault::interrupted};
  cut.error.retryable = true;
  cut.may_have_arrived = true;
  return tl::unexpected(std::move(cut));
}

Answer<http::Response> ProcessRpc::call(std::string_view what, const char* method, const std::string& message) {
  http::Request request{.method = "POST", .body = message};
  request.headers = {"Content-Type: application/json", "Connect-Protocol-Version: 1"};
  request.silence = k_call_silence;
  return m_plane.send(what, path_of(method), std::move(request));
}

Answer<void> ProcessRpc::start(const ProcessRequest& request, const Handler& handler) {
  json process{{"cmd", request.arguments.at(0)},
               {"args", std::vector<std::string>(request.arguments.begin() + 1, request.arguments.end())}};
  if (!request.environment.empty()) process["envs"] = request.environment;
  if (!request.folder.empty()) process["cwd"] = request.folder;
  return stream("cannot run a process in the sandbox", "Start", to_text({{"process", process}, {"stdin", true}}),
                handler);
}

Answer<void> ProcessRpc::connect(std::uint32_t pid, const Handler& handler) {
  return stream("cannot follow the process in the sandbox", "Connect", to_text({{"process", selector(pid)}}),
                handler);
}

Answer<void> ProcessRpc::send_input(std::uint32_t pid, std::string_view bytes) {
  const std::string message = to_text({{"process", selector(pid)}, {"input", {{"stdin", to_base64(bytes)}}}});
  http::Request request{.method = "POST", .body = message};
  request.headers = {"Content-Type: application/json", "Connect-Protocol-Version: 1"};
  request.silence = k_input_silence;
  auto answer = m_plane.send("cannot write to the process in the sandbox", path_of("SendInput"), std::move(request));
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

Answer<void> ProcessRpc::close_input(std::uint32_t pid) {
  auto answer = call("cannot close the input of the process in the sandbox", "CloseStdin",
                     to_text({{"process", selector(pid)}}));
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

Answer<void> ProcessRpc::send_signal(std::uint32_t pid, Signal signal) {
  auto answer = call("cannot stop the process in the sandbox", "SendSignal",
                     to_text({{"process", selector(pid)},
                              {"signal", signal == Signal::kill ? "SIGNAL_SIGKILL" : "SIGNAL_SIGTERM"}}));
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

Answer<std::vector<RunningProcess>> ProcessRpc::list() {
  constexpr auto k_what = "cannot list the processes in the sandbox";
  auto answer = call(k_what, "List", "{}");
  if (!answer) return tl::unexpected(std::move(answer.error()));
  const json body = parse_json(answer->body);
  if (!body.is_object()) return tl::unexpected(bad_answer(k_what, "it is no object"));
  std::vector<RunningProcess> all;
  for (const json& one : body.value("processes", json::array())) {
    if (!one.is_object()) continue;
    RunningProcess process{static_cast<std::uint32_t>(protocol::count_or(one, "pid"))};
    const json config = one.value("config", json::object());
    if (config.is_object()) {
      process.program = protocol::text_or(config, "cmd");
      const json arguments = config.value("args", json::array());
      for (const json& word : arguments.is_array() ? arguments : json::array()) {
        if (word.is_string()) process.arguments.push_back(word.get<std::string>());
      }
    }
    all.push_back(std::move(process));
  }
  return all;
}

}  // namespace spillway::e2b
