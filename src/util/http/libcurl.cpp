#include "util/http/libcurl.hpp"

#include "util/client_library.hpp"

namespace spillway::http {
namespace {

constexpr ClientLibrary::Names k_names{"libcurl.so.4", "libcurl", "the library libcurl.so.4", "libcurl4",
                                       "libcurl 7.85"};

Libcurl open_library() {
  const ClientLibrary library(k_names);
  Libcurl curl{};
  library.load(curl.global_init, "curl_global_init");
  library.load(curl.easy_init, "curl_easy_init");
  library.load(curl.easy_cleanup, "curl_easy_cleanup");
  library.load(curl.easy_reset, "curl_easy_reset");
  library.load(curl.easy_setopt, "curl_easy_setopt");
  library.load(curl.easy_getinfo, "curl_easy_getinfo");
  library.load(curl.easy_strerror, "curl_easy_strerror");
  library.load(curl.multi_init, "curl_multi_init");
  library.load(curl.multi_cleanup, "curl_multi_cleanup");
  library.load(curl.multi_add_handle, "curl_multi_add_handle");
  library.load(curl.multi_remove_handle, "curl_multi_remove_handle");
  library.load(curl.multi_perform, "curl_multi_perform");
  library.load(curl.multi_poll, "curl_multi_poll");
  library.load(curl.multi_info_read, "curl_multi_info_read");
  library.load(curl.slist_append, "curl_slist_append");
  library.load(curl.slist_free_all, "curl_slist_free_all");
  curl.global_init(CURL_GLOBAL_DEFAULT);
  return curl;
}

}  // namespace

const Libcurl& libcurl() {
  static const Libcurl k_libcurl = open_library();
  return k_libcurl;
}

}  // namespace spillway::http
