#pragma once

#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/terminal.hpp"
#include "util/error.hpp"

namespace spillway::cli {

/// The two ways out of the program, and the one rule about them: standard output carries data only (what a step
/// writes to `-`, --json, a plan, a help text that was asked for), everything else is a message and goes to standard
/// error.
class Console {
 public:
  Console();
  /// Writes elsewhere than to the process's streams; owns neither descriptor.
  Console(Terminal terminal, int out_fd, int err_fd);

  /// A reader that went away (`| head`) is no error.
  void data(std::string_view text) const;
  void message(std::string_view text) const;
  void json(const nlohmann::ordered_json& value) const;
  /// The error as a message, and as data too when that is JSON.
  void error(const Error& error, int exit_code) const;
  void errors(const std::vector<Error>& errors) const;
  void warnings(const std::vector<Error>& warnings) const;

  const Terminal& terminal() const { return m_terminal; }
  void be_plain() { m_terminal.is_fancy = false; }
  void use_json() { m_is_json = true; }
  bool is_json() const { return m_is_json; }

 private:
  Terminal m_terminal;  ///< of standard error, where messages go
  int m_out_fd;
  int m_err_fd;
  bool m_is_json = false;
};

/// Shows all errors but the last, which it throws. There is at least one.
[[noreturn]] void fail_with_all(std::vector<Error> errors, const Console& console);

}  // namespace spillway::cli
