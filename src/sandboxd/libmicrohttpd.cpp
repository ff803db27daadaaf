#include "sandboxd/libmicrohttpd.hpp"

#include "util/client_library.hpp"

namespace spillway::sandboxd {
namespace {

constexpr ClientLibrary::Names k_names{"libmicrohttpd.so.12", "libmicrohttpd", "the library libmicrohttpd.so.12",
                                       "libmicrohttpd12", "libmicrohttpd 0.9.64"};

Libmicrohttpd open_library() {
  const ClientLibrary library(k_names);
  Libmicrohttpd http{};
  library.load(http.start_daemon, "MHD_start_daemon");
  library.load(http.quiesce_daemon, "MHD_quiesce_daemon");
  library.load(http.stop_daemon, "MHD_stop_daemon");
  library.load(http.get_connection_values, "MHD_get_connection_values_n");
  library.load(http.queue_response, "MHD_queue_response");
  library.load(http.response_from_buffer, "MHD_create_response_from_buffer");
  library.load(http.response_from_callback, "MHD_create_response_from_callback");
  library.load(http.response_from_file, "MHD_create_response_from_fd_at_offset64");
  library.load(http.add_response_header, "MHD_add_response_header");
  library.load(http.destroy_response, "MHD_destroy_response");
  library.load(http.create_post_processor, "MHD_create_post_processor");
  library.load(http.post_process, "MHD_post_process");
  library.load(http.destroy_post_processor, "MHD_destroy_post_processor");
  return http;
}

}  // namespace

const Libmicrohttpd& libmicrohttpd() {
  static const Libmicrohttpd k_http = open_library();
  return k_http;
}

}  // namespace spillway::sandboxd
