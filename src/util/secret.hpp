#pragma once

#include <cstddef>
#include <string_view>

namespace spillway {

/// Whether a value of this key is a secret by its name alone: password, token, api_key, dsn and the like, in any case
/// and with any prefix (db_password, serviceRoleKey). Words that only contain them (tokens_total, key) are not.
bool is_secret_key(std::string_view key);

/// Length of the user-info at the start of what follows "://" in a URL, 0 when there is none. A password that was not
/// encoded may hold '/', '?' and '#', which end the authority otherwise; it shows by a ':' that is followed by no
/// port.
std::size_t user_info_length(std::string_view text);

/// What secret a text holds by its look ("a GitHub token"): the tokens of well-known services, JSON web tokens,
/// private keys, URLs with a password. Empty when it holds none.
std::string_view secret_shape(std::string_view text);

/// Whether a line of a YAML text may show a secret: by its look, or as the value of a secret key.
bool may_show_secret(std::string_view line);

}  // namespace spillway
