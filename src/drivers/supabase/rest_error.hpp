#pragma once

#include <string>
#include <string_view>

#include "util/error.hpp"
#include "util/http/client.hpp"

/// What PostgREST's refusals mean.
namespace spillway::drivers::supabase {

/// An answer other than 2xx. What is not PostgREST's own JSON, such as a gateway's page, has no code.
struct RestFault {
  int status = 0;
  std::string code;  ///< a SQLSTATE, or PGRST and three digits
  std::string message;
  std::string details;
  std::string hint;
};
RestFault read_fault(const http::Response& response);

struct RestVerdict {
  bool may_pass = false;   ///< trying again may help
  bool is_undone = false;  ///< surely nothing of the request was carried out
};
/// By the HTTP status and the code in the body.
RestVerdict judge(int status, std::string_view code);

/// As an Error, with what to do about it; `retryable` is left to the caller.
Error rest_error(const RestFault& fault);

}  // namespace spillway::drivers::supabase
