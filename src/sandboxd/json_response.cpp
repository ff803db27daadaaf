#include "sandboxd/json_response.hpp"

#include <nlohmann/json.hpp>

namespace spillway::sandboxd {
namespace {

constexpr unsigned k_no_space = 507;

/// A full disk has a status of its own where files are written.
unsigned file_status(RpcCode code) { return code == RpcCode::resource_exhausted ? k_no_space : http_status(code); }

}  // namespace

HttpResponse json_response(unsigned status, const nlohmann::ordered_json& body) {
  return {status,
          {{"Content-Type", k_json_type}},
          body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

HttpResponse error_response(unsigned status, const std::string& message) {
  return json_response(status, {{"code", status}, {"message", message}});
}

HttpResponse error_response(const RpcError& error) { return error_response(file_status(error.code()), error.what()); }

void refuse(unsigned status, const std::string& message) { throw Refused(error_response(status, message)); }

}  // namespace spillway::sandboxd
