#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "documents.hpp"
#include "util/file.hpp"

/// tests/golden/pipelines/{broken,good}: each NAME.yaml with NAME.expected, what the compiler answers to it.
/// Rewritten by UPDATE_GOLDEN=1; a change of an answer is then a change in a review.
namespace spillway::pipeline {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> documents_in(const std::string& folder) {
  std::vector<fs::path> documents;
  for (const auto& entry : fs::directory_iterator(SPILLWAY_SOURCE_DIR "/tests/golden/pipelines/" + folder)) {
    if (entry.path().extension() == ".yaml") documents.push_back(entry.path());
  }
  std::ranges::sort(documents);
  return documents;
}

std::string answer_to(const fs::path& document) {
  const auto compiled =
      compile(value_or_throw(read_file(document)), document.filename().string(), built_in_catalog());
  std::string answer;
  if (!compiled) {
    for (const Error& error : compiled.error()) answer += error.to_display() + "\n";
    return answer;
  }
  answer = compiled->manifest.to_yaml();
  for (const auto& [path, text] : compiled->files) answer += "--- " + path + "\n" + text;
  for (const Error& warning : compiled->warnings) answer += "--- warning\n" + warning.to_display("warning") + "\n";
  return answer;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, TheCompilersAnswerIsTheExpectedOne) {
  const fs::path document = GetParam();
  const fs::path expected = fs::path(document).replace_extension(".expected");
  const std::string answer = answer_to(document);
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(expected) << answer;
    return;
  }
  EXPECT_EQ(read_file(expected).value_or(""), answer) << "of " << document << "; UPDATE_GOLDEN=1 rewrites it";
}

TEST(GoldenFolders, EveryBrokenDocumentIsRefusedAndEveryGoodOneCompiles) {
  for (const fs::path& document : documents_in("broken")) {
    EXPECT_FALSE(compile(value_or_throw(read_file(document)), "p.yaml", built_in_catalog())) << document;
  }
  for (const fs::path& document : documents_in("good")) {
    EXPECT_TRUE(compile(value_or_throw(read_file(document)), "p.yaml", built_in_catalog())) << document;
  }
}

std::string case_name(const testing::TestParamInfo<fs::path>& info) { return info.param.stem().string(); }

INSTANTIATE_TEST_SUITE_P(Broken, Golden, testing::ValuesIn(documents_in("broken")), case_name);
INSTANTIATE_TEST_SUITE_P(Good, Golden, testing::ValuesIn(documents_in("good")), case_name);

}  // namespace
}  // namespace spillway::pipeline
