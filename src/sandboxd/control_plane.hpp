#pragma once

#include <string>
#include <string_view>

#include "sandboxd/http.hpp"
#include "sandboxd/keeper.hpp"

namespace spillway::sandboxd {

/// The version that clients take the daemon in a sandbox for: what they may ask of it depends on it.
constexpr auto k_envd_version = "0.6.13";

/// Whether a path is one of the REST interface that makes and ends sandboxes.
bool is_control_path(std::string_view path);

/// Carries out a request of it, whose key was checked. Throws Refused.
HttpResponse serve_control(Keeper& keeper, const HttpRequest& request, const std::string& body);

/// "k=v&k2=v2", each part encoded as in a URL and the whole once more, as a filter. Throws Refused when it is none.
std::map<std::string, std::string> parse_metadata_filter(std::string_view text);

}  // namespace spillway::sandboxd
