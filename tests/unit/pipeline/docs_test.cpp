#include "documents.hpp"
#include "util/file.hpp"

namespace spillway::pipeline {
namespace {

TEST(Docs, EveryPipelineInTheReferenceCompiles) {
  const std::string text = value_or_throw(read_file(SPILLWAY_SOURCE_DIR "/docs/oml.md"));
  constexpr std::string_view k_opening = "```yaml\n";
  std::size_t examples = 0;
  for (std::size_t at = text.find(k_opening); at != std::string::npos; at = text.find(k_opening, at)) {
    at += k_opening.size();
    const std::string example = text.substr(at, text.find("```", at) - at);
    EXPECT_EQ(errors_of(example), std::vector<std::string>{}) << example;
    ++examples;
  }
  EXPECT_EQ(examples, 5U);
}

}  // namespace
}  // namespace spillway::pipeline
