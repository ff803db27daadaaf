#pragma once

#include <functional>
#include <optional>
#include <string>

namespace spillway::cli {

/// How messages may look: on a terminal in colour and moving, elsewhere as plain lines.
struct Terminal {
  bool is_fancy = false;  ///< colour, and lines that are drawn again in place
  bool is_utf8 = false;
  unsigned width = 80;
  unsigned height = 24;
};

using Environment = std::function<std::optional<std::string>(const char* variable)>;

/// Whether an environment asks for plain output: NO_COLOR, CI or TERM=dumb (contracts.md, "Environment").
bool wants_plain(const Environment& environment);
/// What `fd` is, as this process's environment has it.
Terminal detect_terminal(int fd);
/// The size of a terminal changes while a run lasts; keeps the old one when it is not known.
void update_size(Terminal& terminal, int fd);

enum class Color { none, red, green, yellow, cyan, dim };
/// `text` in a colour when the terminal is fancy, else as it is.
std::string colored(const Terminal& terminal, Color color, const std::string& text);

}  // namespace spillway::cli
