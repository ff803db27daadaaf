#pragma once

#include <functional>
#include <string>

#include "sandboxd/http_server.hpp"
#include "sandboxd/keeper.hpp"

namespace spillway::sandboxd {

struct ServeOptions {
  ListenAddress address;
  std::string key;  ///< what whoever makes sandboxes has to know: a secret
  KeeperOptions keeper;
};

/// Serves until `is_over` says so, which is asked several times a second. `on_listening` is told the server's URL.
void serve(ServeOptions options, const std::function<void(const std::string& url)>& on_listening,
           const std::function<bool()>& is_over);

}  // namespace spillway::sandboxd
