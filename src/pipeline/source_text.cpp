#include "pipeline/source_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/reader.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation_byte(c); }));
}

Position position_of_offset(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
          static_cast<std::uint32_t>(count_characters(before.substr(line_start)) + 1)};
}

/// \r\n and a lone \r become \n.
std::string with_unix_newlines(std::string_view text) {
  std::string unix_text = replace_all(std::string(text), "\r\n", "\n");
  std::ranges::replace(unix_text, '\r', '\n');
  return unix_text;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7F;
}

}  // namespace

std::optional<SourceText> SourceText::make(std::string_view text, Diagnostics& diagnostics) {
  if (text.size() > k_max_document_bytes) {
    diagnostics.add(Code::too_large, {},
                    fmt::format("document too large: it has {}, the limit is {}", human_bytes(text.size()),
                                human_bytes(k_max_document_bytes)));
    return std::nullopt;
  }
  if (text.starts_with(k_byte_order_mark)) text.remove_prefix(k_byte_order_mark.size());
  std::string bytes = with_unix_newlines(text);
  if (const std::string valid = to_valid_utf8(bytes); valid != bytes) {
    const auto offset = static_cast<std::size_t>(std::ranges::mismatch(bytes, valid).in1 - bytes.begin());
    diagnostics.add(Code::invalid_utf8, position_of_offset(bytes, offset),
                    fmt::format("invalid UTF-8: byte 0x{:02X}", static_cast<unsigned char>(bytes[offset])),
                    "save the file as UTF-8");
    return std::nullopt;
  }
  if (const auto control = std::ranges::find_if(bytes, is_control); control != bytes.end()) {
    diagnostics.add(
        Code::control_character, position_of_offset(bytes, static_cast<std::size_t>(control - bytes.begin())),
        fmt::format("control character U+{:04X}: a document is text", static_cast<unsigned char>(*control)),
        "remove it");
    return std::nullopt;
  }
  return SourceText(std::move(bytes));
}

SourceText::SourceText(std::string bytes) : m_bytes(std::move(bytes)), m_line_starts{0} {
  for (std::size_t at = 0; at < m_bytes.size(); ++at) {
    if (m_bytes[at] == '\n') m_line_starts.push_back(at + 1);
  }
}

std::string_view SourceText::line(std::size_t line) const {
  const std::string_view text = rest(line, 0);
  return text.substr(0, text.find('\n'));
}

std::string_view SourceText::rest(std::size_t line, std::size_t byte_column) const {
  if (line >= m_line_starts.size()) return {};
  const std::size_t offset = std::min(m_line_starts[line] + byte_column, m_bytes.size());
  return std::string_view(m_bytes).substr(offset);
}

Position SourceText::position(std::size_t line, std::size_t byte_column) const {
  if (m_last.line != line || byte_column < m_last.byte_column) m_last = {line, 0, 0};
  const std::string_view text = rest(line, m_last.byte_column).substr(0, byte_column - m_last.byte_column);
  m_last = {line, byte_column, m_last.column + count_characters(text)};
  return {static_cast<std::uint32_t>(line + 1), static_cast<std::uint32_t>(m_last.column + 1)};
}

}  // namespace spillway::pipeline
