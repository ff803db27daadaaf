#pragma once

#include <memory>

#include <curl/curl.h>

namespace spillway::http {

/// The functions of libcurl that are used here. The library is opened when the first of them is called for: a program
/// that never talks HTTP does not pay for loading it and the thirty libraries that it needs.
struct Libcurl {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

/// Opens the library on the first call; throws when it is not installed.
const Libcurl& libcurl();

struct EasyDeleter {
  void operator()(CURL* easy) const { libcurl().easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

struct MultiDeleter {
  void operator()(CURLM* multi) const { libcurl().multi_cleanup(multi); }
};
using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;

struct ListDeleter {
  void operator()(curl_slist* list) const { libcurl().slist_free_all(list); }
};
using ListHandle = std::unique_ptr<curl_slist, ListDeleter>;

}  // namespace spillway::http
