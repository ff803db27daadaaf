#include "config/project_file.hpp"

namespace spillway::config {
namespace {

std::string error_of(const std::string& text) {
  const auto values = read_project_settings(text, "spillway.yaml");
  if (values) return "";
  EXPECT_EQ(values.error().front().code, ErrorCode::usage);
  return values.error().front().to_display();
}

TEST(ProjectFile, SettingsAreTextWithTheirPlace) {
  const auto values = read_project_settings("settings:\n  memory_limit: 2GB\n  threads: 4\n", "spillway.yaml");
  ASSERT_TRUE(values);
  EXPECT_EQ(values->at("memory_limit").text, "2GB");
  EXPECT_EQ(values->at("threads").location.to_string(), "spillway.yaml:3:12");
}

TEST(ProjectFile, AnEmptyOneHasNoSettings) {
  for (const char* text : {"", "# nothing\n", "settings:\n", "settings: {}\n"}) {
    const auto values = read_project_settings(text, "spillway.yaml");
    ASSERT_TRUE(values) << text;
    EXPECT_TRUE(values->empty());
  }
}

TEST(ProjectFile, UnknownKeysAreRefusedWithASuggestion) {
  EXPECT_EQ(error_of("settings:\n  memory_limt: 2GB\n"),
            "spillway.yaml:2:3: error: unknown setting 'memory_limt': the project file has none of that name\n"
            "  hint: did you mean 'memory_limit'?");
  EXPECT_EQ(error_of("setings: {}\n"),
            "spillway.yaml:1:1: error: unknown key 'setings': the project file has none of that name\n"
            "  hint: did you mean 'settings'?");
}

TEST(ProjectFile, WhatIsNoMapOfValuesIsRefused) {
  EXPECT_NE(error_of("- a\n"), "");
  EXPECT_NE(error_of("settings: 5\n"), "");
  EXPECT_NE(error_of("settings: {threads: [1]}\n"), "");
  EXPECT_NE(error_of("settings: {threads: 1, threads: 2}\n"), "");
  EXPECT_NE(error_of("settings: {? [a] : 2}\n"), "");
  EXPECT_NE(error_of("settings: [\n"), "");
  EXPECT_NE(error_of("\tx: 1\n"), "");
}

}  // namespace
}  // namespace spillway::config
