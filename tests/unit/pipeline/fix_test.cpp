#include "pipeline/fix.hpp"

#include "documents.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// The document after as many rounds of fixes as `validate --fix` makes.
std::string fixed(std::string text) {
  for (int round = 0; round < 10; ++round) {
    const auto compiled = compile(text, "p.yaml", built_in_catalog());
    if (compiled) break;
    text = apply_fixes(text, compiled.error());
  }
  return text;
}

constexpr std::string_view k_mistakes = R"(version: 0.1.0   # comments stay
nam: 2024
tasks:
- id: "extract"
  component: filesystem.csv_extracter
  mode: raed
  config: {paht: in.csv, compression: gzp}
- id: write
  component: 'filesystem.csv_writr'
  needs: [extrct]
  config: {path: 5}
)";

constexpr std::string_view k_mended = R"(oml_version: 0.1.0   # comments stay
name: "2024"
steps:
- id: "extract"
  component: filesystem.csv_extractor
  mode: read
  config: {path: in.csv, compression: gzip}
- id: write
  component: 'filesystem.csv_writer'
  needs: [extract]
  config: {path: "5"}
)";

TEST(Fix, MendsWhatIsSafe) { EXPECT_EQ(fixed(std::string(k_mistakes)), k_mended); }

TEST(Fix, KeepsWindowsNewlinesAndTheByteOrderMark) {
  const auto windows = [](std::string_view text) {
    return "\xEF\xBB\xBF" + replace_all(std::string(text), "\n", "\r\n");
  };
  EXPECT_EQ(fixed(windows(k_mistakes)), windows(k_mended));
}

TEST(Fix, ColumnsCountCharacters) {
  const std::string text = document_of(
      "- {id: a, \"mode\": read, component: \"filesystem.csv_extractor\", "
      "config: {path: \"\xC3\xA9\xC3\xA9\", limt: 5}}\n");
  EXPECT_EQ(fixed(text), replace_all(text, "limt", "limit"));
}

TEST(Fix, DoesNotTouchWhatItCannotSee) {
  // The first is written with an escape, the second would make a key twice, the third stands at its anchor's place.
  for (const char* step : {"- {id: a, component: \"filesystem.csv_extracte\\u0072\", config: {path: a}}\n",
                           "- {id: a, component: filesystem.csv_extractor, config: {path: a, paht: b}}\n",
                           "- {id: a, component: filesystem.csv_extractor, config: {path: &p 5}}\n"}) {
    EXPECT_EQ(fixed(document_of(step)), document_of(step));
  }
}

TEST(Fix, AWordThatGoesOnIsAnotherWord) {
  Error error;
  error.fix = TextFix{1, 4, "bc", "X"};
  EXPECT_EQ(apply_fixes("a: bc", {error}), "a: X");
  EXPECT_EQ(apply_fixes("a: xx", {error}), "a: xx");
  EXPECT_EQ(apply_fixes("", {error}), "");
  EXPECT_EQ(apply_fixes("a: bc", {error, error}), "a: X");
}

TEST(Fix, TheDiffHasTheChangedLines) {
  EXPECT_EQ(line_diff("a\nb\nc\n", "a\nB\nc\n", "p.yaml"), "--- p.yaml\n+++ p.yaml\n@@ -2 +2 @@\n-b\n+B\n");
}

}  // namespace
}  // namespace spillway::pipeline
