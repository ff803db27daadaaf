#include "pipeline/codes.hpp"

#include <cstdlib>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "util/file.hpp"

namespace spillway::pipeline {
namespace {

TEST(Codes, TheTableHasEveryCodeOnceInTheOrderOfTheirIds) {
  std::string_view last;
  std::size_t number = 0;
  for (const CodeEntry& entry : code_table()) {
    EXPECT_EQ(static_cast<std::size_t>(entry.code), number++) << entry.id;
    EXPECT_LT(last, entry.id);
    last = entry.id;
    EXPECT_EQ(id_of(entry.code), entry.id);
    for (std::string_view text : {entry.title, entry.cause, entry.cure}) EXPECT_FALSE(text.empty()) << entry.id;
  }
  EXPECT_EQ(static_cast<std::size_t>(Code::built_in_component) + 1, number);
}

TEST(Codes, AreFoundInAnyCase) {
  ASSERT_NE(find_code("oml201"), nullptr);
  EXPECT_EQ(find_code("oml201")->code, Code::unknown_step);
  EXPECT_EQ(find_code("OML999"), nullptr);
  EXPECT_EQ(find_code(""), nullptr);
}

TEST(Codes, ThePageOfErrorsIsCurrent) {
  const std::string path = SPILLWAY_SOURCE_DIR "/docs/errors.md";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << errors_page();
    return;
  }
  EXPECT_EQ(read_file(path).value_or(""), errors_page()) << "UPDATE_GOLDEN=1 rewrites it";
}

}  // namespace
}  // namespace spillway::pipeline
