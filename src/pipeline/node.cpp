#include "pipeline/node.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <nlohmann/json.hpp>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

/// Removes the digits at the start of `text` and returns how many they were.
std::size_t take_digits(std::string_view& text) {
  const auto count = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  text.remove_prefix(count);
  return count;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_integer(std::string_view text) {
  if (text.starts_with("0o")) {
    text.remove_prefix(2);
    return !text.empty() && text.find_first_not_of("01234567") == std::string_view::npos;
  }
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  }
  text = without_sign(text);
  return take_digits(text) > 0 && text.empty();
}

bool is_infinite_or_nan(std::string_view text) {
  return is_one_of(without_sign(text), {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"});
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_real(std::string_view text) {
  if (is_infinite_or_nan(text)) return true;
  text = without_sign(text);
  std::size_t digits = take_digits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits += take_digits(text);
  }
  if (digits == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text = without_sign(text.substr(1));
  return take_digits(text) > 0 && text.empty();
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  int base = 10;
  if (text.starts_with("0o")) base = 8;
  if (text.starts_with("0x")) base = 16;
  if (base != 10) text.remove_prefix(2);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (status != std::errc{}) return std::nullopt;
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  if (is_infinite_or_nan(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

std::string_view with_article(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "null";
    case NodeKind::boolean:
      return "a boolean";
    case NodeKind::integer:
      return "an integer";
    case NodeKind::real:
      return "a number";
    case NodeKind::string:
      return "a string";
    case NodeKind::list:
      return "a list";
    case NodeKind::map:
      break;
  }
  return "a map";
}

NodeKind plain_scalar_kind(std::string_view text) {
  if (text.empty() || is_one_of(text, {"~", "null", "Null", "NULL"})) return NodeKind::null;
  if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return NodeKind::boolean;
  if (is_integer(text)) return NodeKind::integer;
  if (is_real(text)) return NodeKind::real;
  return NodeKind::string;
}

bool is_representable(NodeKind kind, std::string_view text) {
  if (kind == NodeKind::integer) return parse_integer(text).has_value();
  if (kind == NodeKind::real) return parse_real(text).has_value();
  return true;
}

const MapEntry* Node::find(std::string_view key) const {
  const auto entry = std::ranges::find(entries, key, &MapEntry::key);
  return entry == entries.end() ? nullptr : &*entry;
}

const Node* Node::at_pointer(std::string_view pointer) const {
  const Node* node = this;
  for (const std::string& key : split(pointer.empty() ? pointer : pointer.substr(1), '/')) {
    const MapEntry* entry = node->find(key);
    if (entry == nullptr) return nullptr;
    node = &entry->value;
  }
  return node;
}

nlohmann::json Node::to_json() const {
  switch (kind) {
    case NodeKind::null:
      return nullptr;
    case NodeKind::boolean:
      return text[0] == 't' || text[0] == 'T';
    case NodeKind::integer:
      return parse_integer(text).value_or(INT64_MAX);  // was reported; any number avoids a second error
    case NodeKind::real:
      return parse_real(text).value_or(0);
    case NodeKind::string:
      return text;
    case NodeKind::list: {
      nlohmann::json list = nlohmann::json::array();
      for (const Node& item : items) list.push_back(item.to_json());
      return list;
    }
    case NodeKind::map:
      break;
  }
  nlohmann::json map = nlohmann::json::object();
  for (const MapEntry& entry : entries) map[entry.key] = entry.value.to_json();
  return map;
}

}  // namespace spillway::pipeline
