#include "drivers/engine_text.hpp"

#include "util/strings.hpp"

namespace spillway::drivers {

std::string without_error_type(std::string_view message) {
  constexpr std::string_view k_mark = " Error: ";
  const std::size_t mark = message.find(k_mark);
  const bool is_type =
      mark != std::string_view::npos && message.substr(0, mark).find_first_of(":\"'\n") == std::string_view::npos;
  return std::string(is_type ? message.substr(mark + k_mark.size()) : message);
}

std::string first_line(std::string_view message) { return std::string(message.substr(0, message.find('\n'))); }

std::optional<std::string> text_between(std::string_view message, std::string_view start, std::string_view end) {
  const std::size_t from = message.find(start);
  if (from == std::string_view::npos) return std::nullopt;
  const std::string_view rest = message.substr(from + start.size());
  return std::string(end.empty() ? rest : rest.substr(0, rest.find(end)));
}

std::string without_foreign_caret(std::string_view message, std::string_view user_sql) {
  const std::size_t caret = message.find("\n\nLINE ");
  if (caret == std::string_view::npos) return std::string(message);
  const std::string quoted = text_between(message.substr(caret), ": ", "\n").value_or("");
  // A long line is cut at both ends.
  const std::string core(trim(replace_all(quoted, "...", "")));
  const bool is_users = !core.empty() && user_sql.find(core) != std::string_view::npos;
  return std::string(is_users ? message : message.substr(0, caret));
}

}  // namespace spillway::drivers
