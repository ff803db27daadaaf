#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "sandboxd/http.hpp"
#include "sandboxd/rpc_error.hpp"

namespace spillway::sandboxd {

constexpr auto k_json_type = "application/json";

HttpResponse json_response(unsigned status, const nlohmann::ordered_json& body);
/// {"code": 404, "message": "…"}, as the control plane and the files of the data plane tell what is wrong.
HttpResponse error_response(unsigned status, const std::string& message);
/// The same of what went wrong in the sandbox.
HttpResponse error_response(const RpcError& error);
[[noreturn]] void refuse(unsigned status, const std::string& message);

}  // namespace spillway::sandboxd
