#include "sandboxd/process_rpc.hpp"

#include <signal.h>

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "sandboxd/agent_files.hpp"

namespace spillway::sandboxd {
namespace {

using std::chrono::steady_clock;

constexpr auto k_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a process sees: nothing of the server's own environment. What the sandbox and then the call say wins.
std::vector<std::pair<std::string, std::string>> environment_of(
    const SandboxIdentity& sandbox, const std::vector<std::pair<std::string, std::string>>& of_call) {
  Environment all{{"PATH", k_path},
                  {"HOME", k_home},
                  {"USER", "user"},
                  {"LOGNAME", "user"},
                  {"E2B_SANDBOX", "true"},
                  {"E2B_SANDBOX_ID", sandbox.id},
                  {"E2B_TEMPLATE_ID", sandbox.template_id}};
  for (const auto& [name, value] : sandbox.environment) all[name] = value;
  for (const auto& [name, value] : of_call) all[name] = value;
  return {all.begin(), all.end()};
}

std::shared_ptr<RunningProcess> selected(Sandbox& sandbox, const MessageReader& request) {
  const MessageReader selector = request.message("process");
  if (selector.has("tag")) return sandbox.find_process(selector.text("tag"));
  return sandbox.find_process(static_cast<pid_t>(selector.number("pid")));
}

int signal_of(const MessageReader& request) {
  const std::string name = request.text("signal");
  if (name == "SIGNAL_SIGKILL") return SIGKILL;
  if (name == "SIGNAL_SIGTERM") return SIGTERM;
  throw RpcError(RpcCode::invalid_argument, fmt::format("unknown signal '{}'", name));
}

ordered_json list_processes(Sandbox& sandbox) {
  ordered_json processes = ordered_json::array();
  for (const auto& process : sandbox.running_processes()) {
    const ProcessConfig& config = process->config();
    ordered_json shown{{"cmd", config.arguments.front()}};
    if (config.arguments.size() > 1) {
      shown["args"] = std::vector<std::string>(config.arguments.begin() + 1, config.arguments.end());
    }
    if (!config.given_environment.empty())
      shown["envs"] = Environment(config.given_environment.begin(), config.given_environment.end());
    if (!config.folder.empty()) shown["cwd"] = config.folder;
    ordered_json entry{{"config", std::move(shown)}, {"pid", process->pid()}};
    if (!config.tag.empty()) entry["tag"] = config.tag;
    processes.push_back(std::move(entry));
  }
  if (processes.empty()) return ordered_json::object();
  return {{"processes", std::move(processes)}};
}

void send_input(Sandbox& sandbox, const MessageReader& request) {
  const MessageReader input = request.message("input");
  if (input.has("pty")) throw RpcError(RpcCode::unimplemented, "terminals are not offered here");
  const std::string bytes = input.bytes("stdin").value_or("");
  selected(sandbox, request)->write_input(bytes);
}

Sandbox::StartRequest start_request(const Sandbox& sandbox, const MessageReader& request) {
  if (request.has("pty")) throw RpcError(RpcCode::unimplemented, "terminals are not offered here");
  const MessageReader process = request.message("process");
  Sandbox::StartRequest start;
  start.config.arguments = process.texts("args");
  start.config.arguments.insert(start.config.arguments.begin(), process.text("cmd"));
  if (start.config.arguments.front().empty()) throw RpcError(RpcCode::invalid_argument, "field 'cmd' is missing");
  start.config.given_environment = process.map("envs");
  start.config.environment = environment_of(sandbox.identity(), start.config.given_environment);
  start.config.folder = process.text("cwd");
  start.config.tag = request.text("tag");
  // Clients that do not know of it write to every process.
  start.has_input = request.boolean("stdin").value_or(true);
  return start;
}

/// What a process writes, as it writes it, until it ends. Its end does not depend on this one.
class EventStream : public BodyStream {
 public:
  enum class AtDeadline { leave, kill };
  EventStream(std::shared_ptr<Sandbox> sandbox, std::shared_ptr<RunningProcess> process,
              std::shared_ptr<OutputQueue> output, const StreamTerms& terms, AtDeadline at_deadline)
      : m_sandbox(std::move(sandbox)),
        m_process(std::move(process)),
        m_output(std::move(output)),
        m_keepalive(terms.keepalive),
        m_deadline(terms.timeout ? steady_clock::now() + *terms.timeout : steady_clock::time_point::max()),
        m_at_deadline(at_deadline) {}
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  ~EventStream() override { m_process->unsubscribe(m_output); }

  std::optional<std::string> next() override {
    if (m_is_over) return std::nullopt;
    if (!std::exchange(m_is_begun, true)) return start_envelope(m_process->pid());
    const auto until = std::min(steady_clock::now() + m_keepalive, m_deadline);
    if (const std::optional<ProcessOutput> output = m_output->next(until)) {
      m_is_over = output->kind == ProcessOutput::Kind::end;
      return m_is_over ? output_envelope(*output) + end_of_stream() : output_envelope(*output);
    }
    if (until < m_deadline) return keepalive_envelope();
    m_is_over = true;
    if (m_at_deadline == AtDeadline::kill) kill();
    return end_of_stream(RpcError(RpcCode::deadline_exceeded, "context deadline exceeded"));
  }

 private:
  void kill() {
    try {
      m_sandbox->send_signal(*m_process, SIGKILL);
    } catch (const RpcError&) {
      // It has just ended.
    }
  }

  std::shared_ptr<Sandbox> m_sandbox;
  std::shared_ptr<RunningProcess> m_process;
  std::shared_ptr<OutputQueue> m_output;
  std::chrono::seconds m_keepalive;
  steady_clock::time_point m_deadline;
  AtDeadline m_at_deadline;
  bool m_is_begun = false;
  bool m_is_over = false;
};

}  // namespace

ordered_json call_process(Sandbox& sandbox, std::string_view method, const Json& message) {
  const MessageReader request(message);
  if (method == "SendInput") {
    send_input(sandbox, request);
  } else if (method == "CloseStdin") {
    selected(sandbox, request)->close_input();
  } else if (method == "SendSignal") {
    sandbox.send_signal(*selected(sandbox, request), signal_of(request));
  } else if (method == "List") {
    return list_processes(sandbox);
  } else {
    throw RpcError(RpcCode::unimplemented, fmt::format("process.Process/{} is not offered here", method));
  }
  return ordered_json::object();
}

std::unique_ptr<BodyStream> stream_process(const std::shared_ptr<Sandbox>& sandbox, std::string_view path,
                                           const Json& message, const StreamTerms& terms) {
  const MessageReader request(message);
  if (path == k_start_path) {
    auto [process, output] = sandbox->start(start_request(*sandbox, request));
    return std::make_unique<EventStream>(sandbox, std::move(process), std::move(output), terms,
                                         EventStream::AtDeadline::kill);
  }
  if (path != k_connect_path) {
    throw RpcError(RpcCode::unimplemented, fmt::format("{} is not offered here", path.substr(1)));
  }
  std::shared_ptr<RunningProcess> process = selected(*sandbox, request);
  std::shared_ptr<OutputQueue> output = process->subscribe();
  return std::make_unique<EventStream>(sandbox, std::move(process), std::move(output), terms,
                                       EventStream::AtDeadline::leave);
}

}  // namespace spillway::sandboxd
