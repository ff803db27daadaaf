#include "pipeline/diagnostics.hpp"

#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

#include "util/secret.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// Whether the fix's old text is what stands at its place, as a whole; a quote before it moves the place.
bool fits(TextFix& fix, std::string_view line) {
  std::string_view text = line.substr(byte_of_character(line, fix.column - 1));
  const char quote = text.empty() ? '\0' : text[0];
  const bool is_quoted = (quote == '"' || quote == '\'') && !fix.old_text.starts_with(quote);
  if (is_quoted) text.remove_prefix(1);
  if (!text.starts_with(fix.old_text)) return false;
  text.remove_prefix(fix.old_text.size());
  constexpr std::string_view k_ends = " \t,]}:#;()";
  if (is_quoted ? !text.starts_with(quote) : !text.empty() && k_ends.find(text[0]) == std::string_view::npos) {
    return false;
  }
  if (is_quoted) ++fix.column;
  return true;
}

}  // namespace

TextFix fix_at(Position position, std::string old_text, std::string new_text) {
  return {position.line, position.column, std::move(old_text), std::move(new_text)};
}

Error& Diagnostics::add(Code code, Position position, std::string message, std::string hint) {
  Error error = make_error(ErrorCode::invalid_pipeline, std::move(message), std::move(hint));
  error.id = id_of(code);
  error.location = Location{m_file_name, position.line, position.column};
  return m_errors.emplace_back(std::move(error));
}

void Diagnostics::hide(std::string secret) {
  constexpr std::size_t k_least_bytes = 4;  // a shorter one would mask ordinary text
  if (secret.size() >= k_least_bytes) m_hidden.push_back(std::move(secret));
}

Position Diagnostics::find_word(Position from, std::string_view word) const {
  std::size_t start = 0;
  for (std::uint32_t line = 1; line < from.line && start < m_source.size(); ++line) {
    start = std::min(m_source.find('\n', start), m_source.size() - 1) + 1;
  }
  const std::string_view source = m_source;
  start += byte_of_character(source.substr(start), from.column - 1);
  const auto is_part = [&](std::size_t at) {
    return at < source.size() && (std::isalnum(static_cast<unsigned char>(source[at])) != 0 || source[at] == '_');
  };
  for (std::size_t at = source.find(word, start); at != std::string_view::npos; at = source.find(word, at + 1)) {
    if (is_part(at + word.size()) || (at > 0 && is_part(at - 1))) continue;
    const std::string_view before = source.substr(0, at);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
    return {static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
            static_cast<std::uint32_t>(std::ranges::count_if(before.substr(line_start), is_first_byte) + 1)};
  }
  return from;
}

std::vector<Error> Diagnostics::take() {
  std::ranges::stable_sort(
      m_errors, {}, [](const Error& error) { return std::tuple(error.location->line, error.location->column); });
  add_source_lines();
  for (const std::string& secret : m_hidden) {
    for (Error& error : m_errors) {
      if (error.fix && error.fix->old_text.find(secret) != std::string::npos) error.fix.reset();
      for (std::string* text : {&error.message, &error.hint, &error.source_line}) {
        *text = replace_all(std::move(*text), secret, "***");
      }
    }
  }
  return std::exchange(m_errors, {});
}

void Diagnostics::add_source_lines() {
  std::size_t line = 1;
  std::size_t start = 0;
  for (Error& error : m_errors) {
    for (; line < error.location->line && start < m_source.size(); ++line) {
      start = std::min(m_source.find('\n', start), m_source.size() - 1) + 1;
    }
    const std::string_view text = std::string_view(m_source).substr(start, m_source.find('\n', start) - start);
    if (error.fix && !fits(*error.fix, text)) error.fix.reset();
    if (!may_show_secret(text)) error.source_line = text;
  }
}

}  // namespace spillway::pipeline
