#include "e2b/address.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace spillway::e2b {
namespace {

/// Those that serve every sandbox at one address, so that one connection does for all.
constexpr std::array<std::string_view, 4> k_shared_domains{"e2b.app", "e2b.dev", "e2b.pro", "e2b-staging.dev"};

bool is_made_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [others](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || others.find(c) != std::string_view::npos;
  });
}

}  // namespace

bool is_host_name(std::string_view text) { return is_made_of(text, "-.:"); }
bool is_sandbox_id(std::string_view text) { return is_made_of(text, "-_"); }

bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string data_plane_url(const Settings& settings, const Sandbox& sandbox) {
  if (!settings.sandbox_url.empty()) return settings.sandbox_url;
  const std::string& domain = sandbox.domain.empty() ? settings.domain : sandbox.domain;
  if (std::ranges::find(k_shared_domains, domain) != k_shared_domains.end()) return "https://sandbox." + domain;
  return fmt::format("https://{}-{}.{}", k_envd_port, sandbox.id, domain);
}

std::vector<std::string> data_plane_headers(const Sandbox& sandbox) {
  std::vector<std::string> headers{"E2b-Sandbox-Id: " + sandbox.id, fmt::format("E2b-Sandbox-Port: {}", k_envd_port),
                                   "Accept: application/json"};
  if (!sandbox.access_token.empty()) headers.push_back("X-Access-Token: " + sandbox.access_token.reveal());
  return headers;
}

}  // namespace spillway::e2b
