#include "sandboxd/rpc_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace spillway::sandboxd {
namespace {

struct Row {
  RpcCode code;
  std::string_view name;
  unsigned status;
};

constexpr std::array k_rows{
    Row{RpcCode::invalid_argument, "invalid_argument", 400},
    Row{RpcCode::unauthenticated, "unauthenticated", 401},
    Row{RpcCode::not_found, "not_found", 404},
    Row{RpcCode::already_exists, "already_exists", 409},
    Row{RpcCode::permission_denied, "permission_denied", 403},
    Row{RpcCode::resource_exhausted, "resource_exhausted", 429},
    Row{RpcCode::failed_precondition, "failed_precondition", 400},
    Row{RpcCode::deadline_exceeded, "deadline_exceeded", 504},
    Row{RpcCode::unimplemented, "unimplemented", 501},
    Row{RpcCode::unavailable, "unavailable", 503},
    Row{RpcCode::internal, "internal", 500},
};

RpcCode code_of(int os_errno) {
  switch (os_errno) {
    case ENOENT:
      return RpcCode::not_found;
    case EEXIST:
      return RpcCode::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return RpcCode::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return RpcCode::resource_exhausted;
    case ENOTDIR:
    case EISDIR:
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
      return RpcCode::invalid_argument;
    default:
      return RpcCode::internal;
  }
}

}  // namespace

std::string_view to_string(RpcCode code) { return std::ranges::find(k_rows, code, &Row::code)->name; }

RpcCode rpc_code_from_string(std::string_view name) {
  const auto* row = std::ranges::find(k_rows, name, &Row::name);
  return row == k_rows.end() ? RpcCode::internal : row->code;
}

unsigned http_status(RpcCode code) { return std::ranges::find(k_rows, code, &Row::code)->status; }

RpcError rpc_error_of(int os_errno, const std::string& what) {
  return {code_of(os_errno), what + ": " + std::generic_category().message(os_errno)};
}

}  // namespace spillway::sandboxd
