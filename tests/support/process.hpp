#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "util/fd.hpp"

namespace spillway::testing {

/// The program that the tests run: $SPILLWAY_PROGRAM, otherwise the one of this build tree.
std::string spillway_program();
/// Whether the peak memory of that program says something about it: sanitizers keep books of their own.
bool program_is_sanitized();

struct ProcessOptions {
  std::filesystem::path directory = ".";
  /// Beside PATH, HOME and a UTF-8 locale the program's whole environment.
  std::map<std::string, std::string> environment = {};
  std::string input = {};      ///< what it reads on standard input
  bool has_own_group = false;  ///< in a process group of its own, as a shell starts a job
};

struct ProcessResult {
  int exit_code = -1;  ///< 128 + the signal that killed it
  std::string out;
  std::string err;
  std::chrono::milliseconds wall{0};
  std::uint64_t peak_memory_bytes = 0;  ///< of the program itself, as last seen a few milliseconds before its end
};

/// A program that runs, its output collected. Killed when it is still running on destruction.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const ProcessOptions& options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return m_pid; }
  void send_signal(int signal) const;
  /// Collects output until standard error holds `text`; false when the program ended without it.
  bool wait_for_error_text(const std::string& text);
  ProcessResult wait();

 private:
  bool collect();

  pid_t m_pid = -1;
  Fd m_out;
  Fd m_err;
  ProcessResult m_result;
  std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

/// Runs spillway to its end.
ProcessResult run_spillway(std::vector<std::string> arguments, const ProcessOptions& options = {});

}  // namespace spillway::testing
