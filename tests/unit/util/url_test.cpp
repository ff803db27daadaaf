#include "util/http/url.hpp"

#include <gtest/gtest.h>

namespace spillway::http {
namespace {

TEST(Url, WhatMeansSomethingIsEncoded) {
  EXPECT_EQ(url_encoded("/home/user/a b+c&d=é.txt"), "%2Fhome%2Fuser%2Fa%20b%2Bc%26d%3D%C3%A9.txt");
  EXPECT_EQ(url_encoded("AZaz09-._~"), "AZaz09-._~");
}

TEST(Url, TheServerOfAUrl) {
  const auto server = [](const char* url) {
    const auto found = server_of(url);
    return found ? found->host + " " + std::to_string(found->port) : "none";
  };
  EXPECT_EQ(server("https://api.e2b.app"), "api.e2b.app 443");
  EXPECT_EQ(server("http://host/path:1"), "host 80");
  EXPECT_EQ(server("http://user:pass@host:3000/x?y"), "host 3000");
  EXPECT_EQ(server("http://[::1]:81/"), "::1 81");
  EXPECT_EQ(server("https://[::1]"), "::1 443");
  EXPECT_EQ(server("host:80"), "none");
}

}  // namespace
}  // namespace spillway::http
