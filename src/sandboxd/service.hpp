#pragma once

#include <string>

#include "sandboxd/http.hpp"
#include "sandboxd/keeper.hpp"

namespace spillway::sandboxd {

/// E2B's interface over a keeper: the REST of its control plane, and what its daemon in each sandbox serves, on one
/// port. What is asked for is decided by the path, and which sandbox by the header E2b-Sandbox-Id or the host's name.
class Service : public HttpHandler {
 public:
  /// `keeper` outlives it.
  Service(Keeper& keeper, std::string key) : m_keeper(keeper), m_key(std::move(key)) {}

  std::unique_ptr<Exchange> begin(HttpRequest request) override;

 private:
  std::unique_ptr<Exchange> begin_control(HttpRequest request);
  std::unique_ptr<Exchange> begin_data(HttpRequest request);

  Keeper& m_keeper;
  std::string m_key;
};

}  // namespace spillway::sandboxd
