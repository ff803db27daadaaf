#include "util/http/libcurl.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::http {
namespace {

constexpr const char* k_library = "libcurl.so.4";

template <typename Function>
void load(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function != nullptr) return;
  fail(ErrorCode::internal, fmt::format("the library {} has no function '{}'", k_library, name),
       "use libcurl 7.85 or later");
}

Libcurl open_library() {
  void* library = ::dlopen(k_library, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorCode::internal, fmt::format("cannot load libcurl: {}", ::dlerror()),
         "install libcurl4, or add the folder of libcurl.so.4 to LD_LIBRARY_PATH");
  }
  Libcurl curl{};
  load(library, curl.global_init, "curl_global_init");
  load(library, curl.easy_init, "curl_easy_init");
  load(library, curl.easy_cleanup, "curl_easy_cleanup");
  load(library, curl.easy_reset, "curl_easy_reset");
  load(library, curl.easy_setopt, "curl_easy_setopt");
  load(library, curl.easy_getinfo, "curl_easy_getinfo");
  load(library, curl.easy_strerror, "curl_easy_strerror");
  load(library, curl.multi_init, "curl_multi_init");
  load(library, curl.multi_cleanup, "curl_multi_cleanup");
  load(library, curl.multi_add_handle, "curl_multi_add_handle");
  load(library, curl.multi_remove_handle, "curl_multi_remove_handle");
  load(library, curl.multi_perform, "curl_multi_perform");
  load(library, curl.multi_poll, "curl_multi_poll");
  load(library, curl.multi_info_read, "curl_multi_info_read");
  load(library, curl.slist_append, "curl_slist_append");
  load(library, curl.slist_free_all, "curl_slist_free_all");
  curl.global_init(CURL_GLOBAL_DEFAULT);
  return curl;
}

}  // namespace

const Libcurl& libcurl() {
  static const Libcurl k_libcurl = open_library();
  return k_libcurl;
}

}  // namespace spillway::http
