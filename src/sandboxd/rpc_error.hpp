#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace spillway::sandboxd {

/// The codes of Connect RPC that are answered here.
enum class RpcCode {
  invalid_argument,
  unauthenticated,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  failed_precondition,
  deadline_exceeded,
  unimplemented,
  unavailable,
  internal,
};

/// The name on the wire, e.g. "not_found".
std::string_view to_string(RpcCode code);
/// internal for a name that is none of them.
RpcCode rpc_code_from_string(std::string_view name);
/// The status of an answer that is not a stream.
unsigned http_status(RpcCode code);

/// What a caller of the data plane is told. Thrown where a request is over; the route makes an answer of it.
class RpcError : public std::exception {
 public:
  RpcError(RpcCode code, std::string message) : m_code(code), m_message(std::move(message)) {}
  const char* what() const noexcept override { return m_message.c_str(); }
  RpcCode code() const { return m_code; }

 private:
  RpcCode m_code;
  std::string m_message;
};

/// From errno: the code that fits, and "<what>: <strerror>".
RpcError rpc_error_of(int os_errno, const std::string& what);

}  // namespace spillway::sandboxd
