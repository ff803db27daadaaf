#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "config/connections.hpp"
#include "golden_catalog.hpp"
#include "util/file.hpp"

/// tests/golden/pipelines/{broken,good}: each NAME.yaml with NAME.expected, what the compiler answers to it. The
/// folder is a project with connections and with components of its own; NAME.options.json gives params, environment
/// and profile. Rewritten by UPDATE_GOLDEN=1; a change of an answer is then a change in a review.
namespace spillway::pipeline {
namespace {

namespace fs = std::filesystem;

const fs::path k_pipelines = SPILLWAY_SOURCE_DIR "/tests/golden/pipelines";

std::vector<fs::path> documents_in(const std::string& folder) {
  std::vector<fs::path> documents;
  for (const auto& entry : fs::directory_iterator(k_pipelines / folder)) {
    if (entry.path().extension() == ".yaml") documents.push_back(entry.path());
  }
  std::ranges::sort(documents);
  return documents;
}

CompileOptions options_of(const fs::path& document) {
  CompileOptions options;
  options.connections.file = "spillway_connections.yaml";
  const fs::path file = k_pipelines / options.connections.file;
  const auto connections = config::read_connections(value_or_throw(read_file(file)), "");
  for (const config::Connection& connection : *connections) {
    options.connections.families[connection.family].push_back({connection.alias, connection.is_default});
  }
  const auto text = read_file(fs::path(document).replace_extension(".options.json"));
  if (!text) return options;
  const Json json = Json::parse(*text);
  options.parameters = {json.value("params", std::map<std::string, std::string>()),
                        json.value("environment", std::map<std::string, std::string>()), json.value("profile", "")};
  return options;
}

Diagnosed<Compiled> compile_document(const fs::path& document) {
  return compile(value_or_throw(read_file(document)), document.filename().string(), golden_catalog(),
                 options_of(document));
}

std::string answer_to(const fs::path& document) {
  const auto compiled = compile_document(document);
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
    EXPECT_FALSE(compile_document(document)) << document;
  }
  for (const fs::path& document : documents_in("good")) {
    EXPECT_TRUE(compile_document(document)) << document;
  }
}

TEST(GoldenFolders, NoAnswerShowsASecret) {
  for (const fs::path& document : documents_in("broken")) {
    const std::string answer = answer_to(document);
    for (const char* secret : {"hunter2", "739154", "ghp_", "AKIA"}) {
      EXPECT_EQ(answer.find(secret), std::string::npos) << document << "\n" << answer;
    }
  }
}

std::string case_name(const testing::TestParamInfo<fs::path>& info) { return info.param.stem().string(); }

INSTANTIATE_TEST_SUITE_P(Broken, Golden, testing::ValuesIn(documents_in("broken")), case_name);
INSTANTIATE_TEST_SUITE_P(Good, Golden, testing::ValuesIn(documents_in("good")), case_name);

}  // namespace
}  // namespace spillway::pipeline
