#include "sandboxd/serve.hpp"

#include <sys/resource.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "sandboxd/service.hpp"

namespace spillway::sandboxd {
namespace {

/// A process in a sandbox takes four files here: what the system allows at all is little enough.
void raise_limit_of_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

void serve(ServeOptions options, const std::function<void(const std::string& url)>& on_listening,
           const std::function<bool()>& is_over) {
  raise_limit_of_files();
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
