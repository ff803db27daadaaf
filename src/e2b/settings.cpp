#include "e2b/settings.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "config/redact.hpp"
#include "config/wipe.hpp"
#include "e2b/address.hpp"
#include "util/http/url.hpp"
#include "util/secret.hpp"
#include "util/strings.hpp"

namespace spillway::e2b {
namespace {

constexpr auto k_default_domain = "e2b.app";

Failure bad_setting(const char* variable, const std::string& value, const char* wanted) {
  return Failure(
      make_error(ErrorCode::usage, fmt::format("invalid value '{}' of {}: must be {}", value, variable, wanted)));
}

}  // namespace

SecretText::~SecretText() { config::wipe(m_text); }

Result<Settings> read_settings(const Environment& environment) {
  const auto value_of = [&](const char* variable) { return std::string(trim(environment(variable).value_or(""))); };
  Settings settings;
  settings.api_key = SecretText(value_of("E2B_API_KEY"));
  if (settings.api_key.empty()) {
    return Failure(make_error(ErrorCode::usage, "no API key for E2B: E2B_API_KEY is not set",
                              "make one in the dashboard of e2b.dev and export it, or take the key of your own "
                              "'spillway sandboxd' and set E2B_API_URL and E2B_SANDBOX_URL to its address"));
  }
  if (!is_header_text(settings.api_key.reveal())) {
    return Failure(make_error(ErrorCode::usage,
                              "invalid value of E2B_API_KEY: it has a blank or another character that no key has",
                              "copy the key again; it looks like e2b_ and digits"));
  }
  settings.domain = value_of("E2B_DOMAIN");
  if (settings.domain.empty()) settings.domain = k_default_domain;
  if (!is_host_name(settings.domain)) return bad_setting("E2B_DOMAIN", settings.domain, "a domain, such as e2b.app");
  settings.api_url = value_of("E2B_API_URL");
  if (settings.api_url.empty()) settings.api_url = "https://api." + settings.domain;
  settings.sandbox_url = value_of("E2B_SANDBOX_URL");
  for (const auto& [variable, url] :
       {std::pair("E2B_API_URL", &settings.api_url), std::pair("E2B_SANDBOX_URL", &settings.sandbox_url)}) {
    if (url->empty()) continue;
    const auto server = http::server_of(*url);
    const bool is_http = url->starts_with("http://") || url->starts_with("https://");
    if (!is_http || !server || server->host.empty() || !is_header_text(*url) ||
        user_info_length(url->substr(url->find("://") + 3)) != 0) {
      return bad_setting(variable, config::Redactor().redact(std::string_view(*url)),
                         "an address, such as http://127.0.0.1:3000");
    }
    while (url->ends_with('/')) url->pop_back();
  }
  settings.ca_file = value_of("SSL_CERT_FILE");
  return settings;
}

Result<Settings> read_settings() {
  return read_settings([](const std::string& variable) -> std::optional<std::string> {
    const char* value = std::getenv(variable.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
}

}  // namespace spillway::e2b
