#include "pipeline/spec_text.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "documents.hpp"
#include "util/file.hpp"

namespace spillway::pipeline {
namespace {

namespace fs = std::filesystem;

const fs::path k_pages = SPILLWAY_SOURCE_DIR "/docs/components";

/// A page must be what its spec makes; UPDATE_GOLDEN=1 writes it.
void expect_page(const std::string& name, const std::string& text) {
  const fs::path path = k_pages / name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    fs::create_directories(k_pages);
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(read_file(path).value_or(""), text) << "UPDATE_GOLDEN=1 rewrites " << path;
}

TEST(SpecText, ThePagesOfTheComponentsAreCurrent) {
  std::set<std::string> pages{"README.md"};
  expect_page("README.md", component_index(built_in_catalog()));
  for (const std::string& name : built_in_catalog().names()) {
    pages.insert(name + ".md");
    expect_page(name + ".md", component_page(*built_in_catalog().find(name)));
  }
  for (const auto& entry : fs::directory_iterator(k_pages)) {
    EXPECT_TRUE(pages.contains(entry.path().filename())) << entry.path() << " describes no component";
  }
}

TEST(SpecText, OptionsAreWrittenAsPeopleWriteThem) {
  EXPECT_EQ(option_yaml("path", "out/a.csv", 2), "  path: out/a.csv\n");
  EXPECT_EQ(option_yaml("quote", "\"", 0), "quote: \"\\\"\"\n");
  EXPECT_EQ(option_yaml("flag", "yes", 0), "flag: \"yes\"\n") << "not read as a boolean by anybody";
  EXPECT_EQ(option_yaml("query", "SELECT 1\nFROM df\n", 0), "query: |\n  SELECT 1\n  FROM df\n");
  EXPECT_EQ(option_type({{"type", {"string", "null"}}}), "string|null");
  EXPECT_EQ(option_type({{"enum", {"a", 5}}}), "a|5");
  EXPECT_EQ(option_type(Json::object()), "any");
}

}  // namespace
}  // namespace spillway::pipeline
