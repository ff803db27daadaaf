#include "config/redact.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/secret.hpp"
#include "util/strings.hpp"

namespace spillway::config {
namespace {

constexpr std::size_t k_least_secret_bytes = 4;
/// A shorter piece of base64 would match ordinary text by chance.
constexpr std::size_t k_least_base64_characters = 6;
/// A shorter number would mask counts of rows by chance.
constexpr std::size_t k_least_digits = 6;
/// A shorter line of a key would be its frame, or nothing.
constexpr std::size_t k_least_line_bytes = 8;

template <typename Table, typename Value>
bool has(const Table& table, const Value& value) {
  return std::ranges::find(table, value) != table.end();
}

std::string url_encoded(std::string_view text, bool upper_case) {
  std::string encoded;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded += c;
    } else {
      encoded += upper_case ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
    }
  }
  return encoded;
}

/// The characters of base64 that depend on `bytes` alone, when these begin `skipped` bytes (0 to 2) into a group of
/// three: so a password is found in "user:password" of a Basic header too.
std::string base64_core(std::string_view bytes, std::size_t skipped) {
  constexpr std::string_view k_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string padded = std::string(skipped, '\0') + std::string(bytes);
  std::string text;
  for (std::size_t bit = 0; bit + 6 <= padded.size() * 8; bit += 6) {
    const std::size_t at = bit / 8;
    const unsigned high = static_cast<unsigned char>(padded[at]);
    const unsigned low = at + 1 < padded.size() ? static_cast<unsigned char>(padded[at + 1]) : 0;
    text += k_digits[((high << 8U | low) >> (10 - bit % 8)) & 0x3FU];
  }
  const std::size_t shared = (skipped * 8 + 5) / 6;  // characters that also hold bits of what stands before
  return text.substr(std::min(shared, text.size()));
}

std::string json_escaped(std::string_view text, bool ascii_only) {
  const std::string quoted = Json(text).dump(-1, ' ', ascii_only, Json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

std::string without_user_info(std::string text) {
  constexpr std::string_view k_separator = "://";
  for (std::size_t at = text.find(k_separator); at != std::string::npos; at = text.find(k_separator, at)) {
    at += k_separator.size();
    const std::size_t length = user_info_length(std::string_view(text).substr(at));
    if (length > 0) text.replace(at, length, k_mask);
  }
  return text;
}

}  // namespace

void Redactor::add_secret(std::string_view value) {
  if (value.size() < k_least_secret_bytes) return;
  add_forms(value);
  // A private key: whoever shows it line by line, indents it or cuts it, still shows it.
  for (const std::string& line : split(value, '\n')) {
    const std::string_view text = trim(line);
    if (text.size() >= k_least_line_bytes && text.size() < value.size() && !text.starts_with("-----"))
      add_forms(text);
  }
  // A secret that contains another must go first, or its rest would stay.
  std::ranges::stable_sort(m_secrets, std::greater<>(), &std::string::size);
}

void Redactor::add_forms(std::string_view value) {
  std::vector<std::string> forms{std::string(value), replace_all(std::string(value), "'", "''")};
  for (const bool ascii_only : {false, true}) {
    const std::string escaped = json_escaped(value, ascii_only);
    forms.push_back(escaped);
    forms.push_back(replace_all(escaped, "/", "\\/"));
  }
  for (const bool upper_case : {false, true}) {
    const std::string encoded = url_encoded(value, upper_case);
    forms.push_back(encoded);
    forms.push_back(replace_all(encoded, "%20", "+"));
  }
  for (std::size_t skipped = 0; skipped < 3; ++skipped) {
    const std::string core = base64_core(value, skipped);
    if (core.size() < k_least_base64_characters) continue;
    forms.push_back(core);
    forms.push_back(replace_all(replace_all(core, "+", "-"), "/", "_"));
  }
  for (std::string& form : forms) {
    if (!has(m_secrets, form)) m_secrets.push_back(std::move(form));
  }
}

std::string Redactor::redact(std::string_view text) const {
  std::string redacted(text);
  for (const std::string& secret : m_secrets) redacted = replace_all(std::move(redacted), secret, k_mask);
  return without_user_info(std::move(redacted));
}

template <typename AnyJson>
AnyJson Redactor::redact_json(const AnyJson& value) const {
  if (value.is_string()) {
    return redact(std::string_view(value.template get_ref<const std::string&>()));
  }
  if (value.is_number()) {
    const std::string digits = value.dump();
    return digits.size() >= k_least_digits && has(m_secrets, digits) ? AnyJson(k_mask) : value;
  }
  if (value.is_array()) {
    AnyJson list = AnyJson::array();
    for (const AnyJson& item : value) list.push_back(redact_json(item));
    return list;
  }
  if (!value.is_object()) return value;
  AnyJson map = AnyJson::object();
  for (const auto& [key, item] : value.items()) {
    map[redact(std::string_view(key))] = is_secret_key(key) && !item.is_null() ? AnyJson(k_mask) : redact_json(item);
  }
  return map;
}

Json Redactor::redact(const Json& value) const { return redact_json(value); }
nlohmann::ordered_json Redactor::redact(const nlohmann::ordered_json& value) const { return redact_json(value); }

}  // namespace spillway::config
