#include <unistd.h>

#include <cstdlib>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "sandbox/socket_gate.hpp"
#include "util/strings.hpp"
#include "worker/serve.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_worker_help =
    R"(Reads commands (ping, prepare, exec_step, cancel, cleanup) as JSON, one object a line, and answers the same way.
The worker ends when its input does.

Example:
  echo '{"cmd": "ping", "data": "hello"}' | spillway worker)";

class WorkerCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_flag("--numbered", m_numbered,
                 "Number each line in both directions, so that a way that is cut can be resumed");
    app.add_flag("--json", m_json, "The only format there is; accepted because every command takes it");
    app.footer(k_worker_help);
  }

  int execute(Console&) override {
    if (const char* gate = std::getenv(sandbox::k_socket_gate_variable)) {
      sandbox::hand_over_sockets(static_cast<int>(parse_uint(gate).value_or(0)));
    }
    return worker::serve(STDIN_FILENO, STDOUT_FILENO, m_numbered ? worker::Lines::numbered : worker::Lines::plain);
  }

 private:
  bool m_numbered = false;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_worker_command() { return std::make_unique<WorkerCommand>(); }

}  // namespace spillway::cli
