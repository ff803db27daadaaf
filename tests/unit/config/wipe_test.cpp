#include "config/wipe.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spillway::config {
namespace {

/// The bytes of a text's memory, also behind its end.
bool is_blank(const std::string& text) {
  return std::all_of(text.data(), text.data() + text.capacity(), [](char c) { return c == '\0'; });
}

TEST(Wipe, NothingOfATextIsLeftInItsMemory) {
  for (std::string text : {std::string("short"), std::string(100, 'x')}) {
    text.resize(text.size() - 2);
    wipe(text);
    EXPECT_EQ(text, "");
    EXPECT_TRUE(is_blank(text));
  }
}

TEST(Wipe, EveryTextOfAValue) {
  nlohmann::json value = nlohmann::json::parse(R"({"a": "planted", "b": [1, {"c": "planted, and longer than it"}]})");
  { const WipeAtEnd wiped(value); }
  for (const char* pointer : {"/a", "/b/1/c"}) {
    const auto& text = value.at(nlohmann::json::json_pointer(pointer)).get_ref<const std::string&>();
    EXPECT_TRUE(is_blank(text)) << pointer;
  }
  EXPECT_EQ(value["b"][0], 1);
}

}  // namespace
}  // namespace spillway::config
