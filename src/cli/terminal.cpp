#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::cli {
namespace {

bool is_set(const Environment& environment, const char* variable) {
  return !environment(variable).value_or("").empty();
}

bool is_utf8_locale(const Environment& environment) {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = to_lower(environment(variable).value_or(""));
    if (!locale.empty()) return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

int code_of(Color color) {
  switch (color) {
    case Color::red:
      return 31;
    case Color::green:
      return 32;
    case Color::yellow:
      return 33;
    case Color::cyan:
      return 36;
    case Color::dim:
      return 2;
    case Color::none:
      break;
  }
  return 0;
}

}  // namespace

bool wants_plain(const Environment& environment) {
  return is_set(environment, "NO_COLOR") || is_set(environment, "CI") ||
         environment("TERM").value_or("dumb") == "dumb";
}

Terminal detect_terminal(int fd) {
  const Environment environment = [](const char* variable) -> std::optional<std::string> {
    const char* value = std::getenv(variable);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  Terminal terminal;
  terminal.is_fancy = ::isatty(fd) == 1 && !wants_plain(environment);
  terminal.is_utf8 = is_utf8_locale(environment);
  update_size(terminal, fd);
  return terminal;
}

void update_size(Terminal& terminal, int fd) {
  winsize size{};
  if (!terminal.is_fancy || ::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return;
  terminal.width = size.ws_col;
  terminal.height = size.ws_row;
}

std::string colored(const Terminal& terminal, Color color, const std::string& text) {
  if (!terminal.is_fancy || color == Color::none) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", code_of(color), text);
}

}  // namespace spillway::cli
