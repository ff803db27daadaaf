#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "e2b/settings.hpp"

namespace spillway::e2b {

/// A sandbox as whoever made it knows it.
struct Sandbox {
  std::string id;
  std::string template_id;
  std::string envd_version;  ///< of the daemon in it, "0.6.13"
  std::string domain;        ///< of its data plane; empty: the one of the settings
  SecretText access_token;   ///< empty when the host gave none
};

/// The port of the daemon that serves files and processes in a sandbox.
inline constexpr int k_envd_port = 49983;

/// Whether it can be a name in a URL: letters, digits, '-' and '.', and a port.
bool is_host_name(std::string_view text);
/// Whether it can be a sandbox's id: letters, digits, '-' and '_'.
bool is_sandbox_id(std::string_view text);

/// Whether it can be in a header and in a URL: of more than one line it would be two headers.
bool is_header_text(std::string_view text);

/// Where the data plane of a sandbox is, without a slash at the end.
std::string data_plane_url(const Settings& settings, const Sandbox& sandbox);
/// What each of its requests carries: the sandbox, for hosts that serve all of them at one address, and its token.
std::vector<std::string> data_plane_headers(const Sandbox& sandbox);

}  // namespace spillway::e2b
