#include "cli/console.hpp"

#include <unistd.h>

#include <string>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "run/run_card.hpp"
#include "run/stdout_copy.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

/// The error's lines with the severity in its colour.
std::string display(const Terminal& terminal, const Error& error, const std::string& severity = "error") {
  std::string text = to_valid_utf8(error.to_display(severity));
  const std::string word = severity + ":";
  const std::size_t at = text.find(word + " ");
  if (at == std::string::npos) return text;
  const Color color = severity == "error" ? Color::red : Color::yellow;
  return text.substr(0, at) + colored(terminal, color, word) + text.substr(at + word.size());
}

}  // namespace

Console::Console() : Console(detect_terminal(STDERR_FILENO), STDOUT_FILENO, STDERR_FILENO) {}

Console::Console(Terminal terminal, int out_fd, int err_fd)
    : m_terminal(terminal), m_out_fd(out_fd), m_err_fd(err_fd) {}

void Console::data(std::string_view text) const {
  if (const Result<bool> written = run::write_to_reader(m_out_fd, text); !written) fail(written.error());
}

void Console::message(std::string_view text) const {
  // Nobody is left to be told of a failure here.
  std::ignore = run::write_to_reader(m_err_fd, text);
}

void Console::json(const nlohmann::ordered_json& value) const { data(run::to_file_text(value)); }

void Console::error(const Error& error, int exit_code) const {
  message(display(m_terminal, error) + "\n");
  if (!m_is_json) return;
  // That standard output cannot be written may be the very error that was told.
  const nlohmann::ordered_json value{{"exit_code", exit_code}, {"error", run::error_json(error)}};
  std::ignore = run::write_to_reader(m_out_fd, run::to_file_text(value));
}

void Console::errors(const std::vector<Error>& errors) const {
  for (const Error& error : errors) message(display(m_terminal, error) + "\n");
}

void Console::warnings(const std::vector<Error>& warnings) const {
  for (const Error& warning : warnings) message(display(m_terminal, warning, "warning") + "\n");
}

void fail_with_all(std::vector<Error> errors, const Console& console) {
  Error last = std::move(errors.back());
  errors.pop_back();
  console.errors(errors);
  fail(std::move(last));
}

}  // namespace spillway::cli
