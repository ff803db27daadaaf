#pragma once

/// Of an answer.
namespace spillway::http {

inline constexpr int k_ok = 200;
inline constexpr int k_partial_content = 206;
inline constexpr int k_redirection = 300;  ///< the first that is no success
inline constexpr int k_bad_request = 400;
inline constexpr int k_unauthorized = 401;
inline constexpr int k_forbidden = 403;
inline constexpr int k_not_found = 404;
inline constexpr int k_no_such_method = 405;
inline constexpr int k_request_timeout = 408;
inline constexpr int k_conflict = 409;
inline constexpr int k_gone = 410;
inline constexpr int k_too_many_requests = 429;
inline constexpr int k_server_error = 500;
inline constexpr int k_not_implemented = 501;
inline constexpr int k_bad_gateway = 502;
inline constexpr int k_unavailable = 503;
inline constexpr int k_gateway_timeout = 504;
inline constexpr int k_insufficient_storage = 507;

}  // namespace spillway::http
