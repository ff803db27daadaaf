#include "util/secret.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "util/strings.hpp"

namespace spillway {
namespace {

/// A key with one of these words holds a secret…
constexpr auto k_secret_words =
    std::to_array<std::string_view>({"password", "passwords", "passwd", "pwd", "passphrase", "secret", "secrets",
                                     "token", "dsn", "credential", "credentials", "authorization", "cookie", "jwt",
                                     "apikey", "apitoken", "authtoken", "accesstoken", "privatekey"});
/// …or with two of these in a row…
constexpr auto k_secret_pairs =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"api", "key"},
                                                                  {"access", "key"},
                                                                  {"private", "key"},
                                                                  {"secret", "key"},
                                                                  {"role", "key"},
                                                                  {"anon", "key"},
                                                                  {"account", "key"},
                                                                  {"shared", "key"},
                                                                  {"signing", "key"},
                                                                  {"encryption", "key"},
                                                                  {"session", "key"},
                                                                  {"service", "key"},
                                                                  {"connection", "string"}});
/// …unless it ends in one of these: then it is about a secret.
constexpr auto k_harmless_endings = std::to_array<std::string_view>(
    {"count",  "total",   "type",    "name",  "id",     "file",     "path",     "length",
     "limit",  "column",  "columns", "field", "fields", "format",   "policy",   "ttl",
     "expiry", "expires", "url",     "env",   "size",   "required", "algorithm"});

template <typename Table, typename Value>
bool has(const Table& table, const Value& value) {
  return std::ranges::find(table, value) != table.end();
}

/// "serviceRoleKey", "SERVICE_ROLE_KEY" and "service-role-key" as {service, role, key}; digits at a word's end go.
std::vector<std::string> words_of(std::string_view key) {
  std::vector<std::string> words(1);
  bool after_lower = false;
  for (char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    const bool begins_word = std::isupper(byte) != 0 && after_lower;
    if (begins_word || std::isalnum(byte) == 0) words.emplace_back();
    if (std::isalpha(byte) != 0) words.back() += static_cast<char>(std::tolower(byte));
    after_lower = std::islower(byte) != 0;
  }
  std::erase(words, "");
  return words;
}

/// A token of a service: what it begins with, and how many of which characters follow at least.
struct TokenShape {
  std::string_view prefix;
  std::size_t least;
  std::string_view extra;  ///< characters beside letters and digits
  std::string_view what;
};

constexpr auto k_token_shapes = std::to_array<TokenShape>({
    {"AKIA", 16, "", "an AWS access key"},  {"ASIA", 16, "", "an AWS access key"},
    {"ghp_", 30, "", "a GitHub token"},     {"gho_", 30, "", "a GitHub token"},
    {"ghu_", 30, "", "a GitHub token"},     {"ghs_", 30, "", "a GitHub token"},
    {"ghr_", 30, "", "a GitHub token"},     {"github_pat_", 22, "_", "a GitHub token"},
    {"glpat-", 20, "_-", "a GitLab token"}, {"xoxb-", 10, "-", "a Slack token"},
    {"xoxp-", 10, "-", "a Slack token"},    {"xoxa-", 10, "-", "a Slack token"},
    {"xoxr-", 10, "-", "a Slack token"},    {"xoxs-", 10, "-", "a Slack token"},
    {"AIza", 35, "_-", "a Google API key"}, {"sk_live_", 16, "", "a Stripe key"},
    {"rk_live_", 16, "", "a Stripe key"},   {"sbp_", 40, "", "a Supabase token"},
    {"e2b_", 40, "", "an E2B key"},         {"npm_", 36, "", "an npm token"},
});

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// How many characters at the start are letters, digits or one of `extra`.
std::size_t run_length(std::string_view text, std::string_view extra) {
  const auto* end = std::ranges::find_if_not(
      text, [&](char c) { return is_alphanumeric(c) || extra.find(c) != std::string_view::npos; });
  return static_cast<std::size_t>(end - text.begin());
}

bool has_token(std::string_view text, const TokenShape& shape) {
  for (std::size_t at = text.find(shape.prefix); at != std::string_view::npos; at = text.find(shape.prefix, at + 1)) {
    const bool begins_word = at == 0 || !is_alphanumeric(text[at - 1]);
    if (begins_word && run_length(text.substr(at + shape.prefix.size()), shape.extra) >= shape.least) return true;
  }
  return false;
}

/// Three parts of base64url, of which the first is a JSON object: header, payload, signature.
bool has_json_web_token(std::string_view text) {
  constexpr std::string_view k_start = "eyJ";
  constexpr std::size_t k_least = 8;
  for (std::size_t at = text.find(k_start); at != std::string_view::npos; at = text.find(k_start, at + 1)) {
    std::string_view rest = text.substr(at);
    std::size_t parts = 0;
    while (parts < 3) {
      const std::size_t length = run_length(rest, "_-");
      if (length < k_least) break;
      ++parts;
      rest.remove_prefix(length);
      if (!rest.starts_with('.')) break;
      rest.remove_prefix(1);
    }
    if (parts == 3) return true;
  }
  return false;
}

bool has_private_key(std::string_view text) {
  const std::size_t at = text.find("-----BEGIN ");
  return at != std::string_view::npos && text.find("PRIVATE KEY-----", at) != std::string_view::npos;
}

/// A URL with user:password, of which the password is written out.
bool has_url_password(std::string_view text) {
  constexpr std::string_view k_separator = "://";
  for (std::size_t at = text.find(k_separator); at != std::string_view::npos; at = text.find(k_separator, at)) {
    at += k_separator.size();
    const std::string_view info = text.substr(at, user_info_length(text.substr(at)));
    const std::size_t colon = info.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view password = info.substr(colon + 1);
    if (!password.empty() && !password.starts_with("${")) return true;
  }
  return false;
}

std::string_view key_before(std::string_view line, std::size_t colon) {
  std::string_view before = line.substr(0, colon);
  while (before.ends_with('"') || before.ends_with('\'')) before.remove_suffix(1);
  std::size_t start = before.size();
  while (start > 0 && (is_alphanumeric(before[start - 1]) || before[start - 1] == '_' || before[start - 1] == '-')) {
    --start;
  }
  return before.substr(start);
}

}  // namespace

bool is_secret_key(std::string_view key) {
  const std::vector<std::string> words = words_of(key);
  if (words.empty() || has(k_harmless_endings, words.back())) return false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (has(k_secret_words, words[i]) || words[i].ends_with("password")) return true;
    if (i > 0 && has(k_secret_pairs, std::pair<std::string_view, std::string_view>(words[i - 1], words[i])))
      return true;
  }
  return false;
}

std::size_t user_info_length(std::string_view text) {
  const std::string_view word = text.substr(0, text.find_first_of(" \t\r\n\"'<>`"));
  const std::string_view authority = word.substr(0, word.find_first_of("/?#"));
  std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) {
    const std::size_t colon = authority.find(':');
    const bool may_be_port = colon == std::string_view::npos || parse_uint(authority.substr(colon + 1)).has_value();
    if (may_be_port) return 0;
    at = word.rfind('@');
  }
  return at == std::string_view::npos ? 0 : at;
}

std::string_view secret_shape(std::string_view text) {
  for (const TokenShape& shape : k_token_shapes) {
    if (has_token(text, shape)) return shape.what;
  }
  if (has_json_web_token(text)) return "a JSON web token";
  if (has_private_key(text)) return "a private key";
  if (has_url_password(text)) return "a URL with a password";
  return {};
}

bool may_show_secret(std::string_view line) {
  if (!secret_shape(line).empty()) return true;
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    if (!is_secret_key(key_before(line, colon))) continue;
    std::string_view value = trim(line.substr(colon + 1));
    while (value.starts_with('"') || value.starts_with('\'')) value.remove_prefix(1);
    if (!value.empty() && !value.starts_with('@') && !value.starts_with("${")) return true;
  }
  return false;
}

}  // namespace spillway
