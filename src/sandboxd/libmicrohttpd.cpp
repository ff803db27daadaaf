#include "sandboxd/libmicrohttpd.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::sandboxd {
namespace {

constexpr const char* k_library = "libmicrohttpd.so.12";

template <typename Function>
void load(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function != nullptr) return;
  fail(ErrorCode::internal, fmt::format("the library {} has no function '{}'", k_library, name),
       "use libmicrohttpd 0.9.64 or later");
}

Libmicrohttpd open_library() {
  void* library = ::dlopen(k_library, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorCode::internal, fmt::format("cannot load libmicrohttpd: {}", ::dlerror()),
         "install libmicrohttpd12, or add the folder of libmicrohttpd.so.12 to LD_LIBRARY_PATH");
  }
  Libmicrohttpd http{};
  load(library, http.start_daemon, "MHD_start_daemon");
  load(library, http.quiesce_daemon, "MHD_quiesce_daemon");
  load(library, http.stop_daemon, "MHD_stop_daemon");
  load(library, http.get_connection_values, "MHD_get_connection_values_n");
  load(library, http.queue_response, "MHD_queue_response");
  load(library, http.response_from_buffer, "MHD_create_response_from_buffer");
  load(library, http.response_from_callback, "MHD_create_response_from_callback");
  load(library, http.response_from_file, "MHD_create_response_from_fd_at_offset64");
  load(library, http.add_response_header, "MHD_add_response_header");
  load(library, http.destroy_response, "MHD_destroy_response");
  load(library, http.create_post_processor, "MHD_create_post_processor");
  load(library, http.post_process, "MHD_post_process");
  load(library, http.destroy_post_processor, "MHD_destroy_post_processor");
  return http;
}

}  // namespace

const Libmicrohttpd& libmicrohttpd() {
  static const Libmicrohttpd k_http = open_library();
  return k_http;
}

}  // namespace spillway::sandboxd
