#include "run/exit_code.hpp"

#include <csignal>

namespace spillway::run {
namespace {

constexpr int k_failed = 1;
constexpr int k_usage = 2;
constexpr int k_invalid = 3;
constexpr int k_connection = 4;
constexpr int k_sandbox = 7;
constexpr int k_timeout = 124;
constexpr int k_signal_base = 128;

int exit_code_of_command(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return k_usage;
    case ErrorCode::invalid_pipeline:
    case ErrorCode::invalid_config:
      return k_invalid;
    case ErrorCode::connection:
      return k_connection;
    case ErrorCode::sandbox:
    case ErrorCode::protocol:
      return k_sandbox;
    case ErrorCode::timeout:
      return k_timeout;
    case ErrorCode::cancelled:
      return exit_code_of_signal(SIGINT);
    case ErrorCode::crashed:
      return exit_code_of_signal(SIGKILL);
    default:
      return k_failed;
  }
}

}  // namespace

int exit_code(Phase phase, ErrorCode code) {
  const int by_code = exit_code_of_command(code);
  switch (phase) {
    case Phase::command:
      return by_code;
    case Phase::prepare:
      // Whatever else kept the worker from being ready, there is no place to run.
      return by_code == k_failed ? k_sandbox : by_code;
    case Phase::step:
      return by_code == k_sandbox || by_code == k_timeout ? by_code : k_failed;
  }
  return k_failed;
}

int exit_code_of_signal(int signal) { return k_signal_base + signal; }

}  // namespace spillway::run
