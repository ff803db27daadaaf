#include "sandboxd/serve.hpp"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "sandboxd/service.hpp"

namespace spillway::sandboxd {

void serve(ServeOptions options, const std::function<void(const std::string& url)>& on_listening,
           const std::function<bool()>& is_over) {
  Keeper keeper(std::move(options.keeper));
  Service service(keeper, std::move(options.key));
  std::optional<HttpServer> server(std::in_place, options.address, service);
  on_listening(server->url());
  constexpr std::chrono::milliseconds k_moment{100};
  while (!is_over()) std::this_thread::sleep_for(k_moment);
  server->stop_listening();
  // Cuts the streams that the server would wait for.
  keeper.remove_all();
  server.reset();
}

}  // namespace spillway::sandboxd
