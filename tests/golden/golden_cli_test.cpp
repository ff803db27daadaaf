#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/process.hpp"
#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"

/// Transcripts of the command line: each cli/*.txt is a list of commands with what they print. They run
/// in a copy of cli/project/. Lines of standard error start with "2| ". What differs from run to run is replaced by a
/// name in angle brackets. UPDATE_GOLDEN=1 rewrites them; a change of an answer is then a change in a review.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;

const fs::path k_folder = fs::path(SPILLWAY_SOURCE_DIR) / "tests/golden/cli";
constexpr std::string_view k_prompt = "$ ";

std::vector<std::string> transcripts() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(k_folder)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

std::string normalized(std::string text, const fs::path& folder) {
  const std::vector<std::pair<std::regex, std::string>> rules{
      {std::regex(folder.string()), "<folder>"},
      {std::regex("run_[0-9]{13}"), "run_<ms>"},
      {std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"), "<timestamp>"},
      {std::regex("[0-9a-f]{64}"), "<sha256>"},
      {std::regex("build/([a-z-]+)/[0-9a-f]{12}"), "build/$1/<hash>"},
      {std::regex(" rows +[0-9.]+ m?s +([0-9,]+ rows/s)? +"), " rows  <time>  <rate>  "},
      {std::regex(", [0-9.]+ m?s\n"), ", <time>\n"},
      {std::regex("\"duration_ms\": [0-9]+"), "\"duration_ms\": <ms>"},
      {std::regex("spillway [0-9]+\\.[0-9]+\\.[0-9]+"), "spillway <version>"},
      {std::regex("\"version\": \"v?[0-9]+\\.[0-9]+\\.[0-9]+\""), "\"version\": \"<version>\""},
  };
  for (const auto& [pattern, name] : rules) text = std::regex_replace(text, pattern, name);
  return text;
}

std::string lines_with(const std::string& prefix, const std::string& text) {
  std::string result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result += prefix + line + "\n";
  return result;
}

/// What a command prints, and its exit code unless it is 0.
std::string answer_to(const std::string& command, const fs::path& folder) {
  ProcessOptions options;
  options.directory = folder;
  const std::string program_folder = fs::path(spillway_program()).parent_path();
  options.environment["PATH"] = program_folder + ":" + std::getenv("PATH");
  options.environment["SPILLWAY_MEMORY_LIMIT"] = "1GB";
  options.environment["SPILLWAY_THREADS"] = "2";
  const ProcessResult result = Process({"/bin/bash", "-o", "pipefail", "-c", command}, options).wait();
  std::string answer = lines_with("", result.out) + lines_with("2| ", result.err);
  if (result.exit_code != 0) answer += "exit " + std::to_string(result.exit_code) + "\n";
  return normalized(answer, folder);
}

class GoldenCli : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenCli, PrintsWhatTheTranscriptSays) {
  const fs::path path = k_folder / (GetParam() + ".txt");
  const std::string expected = read_text(path);
  const TempDir folder;
  fs::copy(k_folder / "project", folder.path(), fs::copy_options::recursive);
  std::string transcript;
  std::istringstream stream(expected);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('#') && transcript.find(k_prompt) == std::string::npos) transcript += line + "\n";
    if (!line.starts_with(k_prompt)) continue;
    if (transcript.find(k_prompt) != std::string::npos) transcript += "\n";
    transcript += line + "\n" + answer_to(line.substr(k_prompt.size()), folder.path());
  }
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << transcript;
    return;
  }
  EXPECT_EQ(transcript, expected) << "UPDATE_GOLDEN=1 rewrites " << path;
}

INSTANTIATE_TEST_SUITE_P(Transcripts, GoldenCli, ::testing::ValuesIn(transcripts()),
                         [](const auto& transcript) { return transcript.param; });

}  // namespace
}  // namespace spillway::testing
