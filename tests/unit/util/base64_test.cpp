#include "util/base64.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

TEST(Base64, TheExamplesOfItsStandard) {
  for (const auto& [bytes, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, EveryByteComesBackAlsoOfManyBytes) {
  std::string bytes;
  for (std::size_t i = 0; i < std::size_t{4} * 1024 * 1024 + 5; ++i) bytes += static_cast<char>(i * 7 + i / 256);
  EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
}

TEST(Base64, WhatIsNoneIsRefused) {
  for (const char* text :
       {"Z", "Zg=", "Zg", "Zm9", "Z===", "Zg==Zg==", " Zm9", "Zm9 ", "Zm9\n", "Zm-v", "Zm_v", "Zm9vZg="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace spillway
