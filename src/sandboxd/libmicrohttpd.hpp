#pragma once

#include <microhttpd.h>

#include <memory>

namespace spillway::sandboxd {

/// The functions of GNU libmicrohttpd that are used here. The library is opened when a server starts: no other
/// command pays for loading it.
struct Libmicrohttpd {
  decltype(&::MHD_start_daemon) start_daemon;
  decltype(&::MHD_quiesce_daemon) quiesce_daemon;
  decltype(&::MHD_stop_daemon) stop_daemon;
  decltype(&::MHD_get_connection_values_n) get_connection_values;
  decltype(&::MHD_queue_response) queue_response;
  decltype(&::MHD_create_response_from_buffer) response_from_buffer;
  decltype(&::MHD_create_response_from_callback) response_from_callback;
  decltype(&::MHD_create_response_from_fd_at_offset64) response_from_file;
  decltype(&::MHD_add_response_header) add_response_header;
  decltype(&::MHD_destroy_response) destroy_response;
  decltype(&::MHD_create_post_processor) create_post_processor;
  decltype(&::MHD_post_process) post_process;
  decltype(&::MHD_destroy_post_processor) destroy_post_processor;
};

/// Opens the library on the first call; throws when it is not installed.
const Libmicrohttpd& libmicrohttpd();

struct DaemonDeleter {
  void operator()(MHD_Daemon* daemon) const { libmicrohttpd().stop_daemon(daemon); }
};
using DaemonHandle = std::unique_ptr<MHD_Daemon, DaemonDeleter>;

struct ResponseDeleter {
  void operator()(MHD_Response* response) const { libmicrohttpd().destroy_response(response); }
};
using ResponseHandle = std::unique_ptr<MHD_Response, ResponseDeleter>;

struct PostProcessorDeleter {
  void operator()(MHD_PostProcessor* processor) const { libmicrohttpd().destroy_post_processor(processor); }
};
using PostProcessorHandle = std::unique_ptr<MHD_PostProcessor, PostProcessorDeleter>;

}  // namespace spillway::sandboxd
