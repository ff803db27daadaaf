// README.md and docs/*.md are transcripts: every line of a console block that starts with "$ " is run, one shell a
// document, and the lines below it must be what it prints. UPDATE_GOLDEN=1 writes what was printed into the document.
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"

namespace spillway {
namespace {

namespace fs = std::filesystem;

const fs::path k_root = SPILLWAY_SOURCE_DIR;

/// A folder that looks like the repository after ./dev demo, as far as documents need it.
class Workplace {
 public:
  Workplace() {
    fs::create_directories(m_dir / "build/release");
    fs::create_symlink(testing::spillway_program(), m_dir / "build/release/spillway");
    for (const char* example : {"flights", "movies"}) {
      const fs::path folder = m_dir / (std::string("examples/") + example);
      fs::create_directories(folder);
      fs::copy_file(k_root / "examples" / example / "pipeline.yaml", folder / "pipeline.yaml");
      fs::create_directory_symlink(k_root / "examples" / example / "data", folder / "data");
    }
  }

  /// What a command prints on both outputs, line by line.
  std::vector<std::string> run(const std::string& command) const {
    const std::string script = "cd '" + m_dir.path().string() + "' && export NO_COLOR=1 && { " + command + "\n} 2>&1";
    FILE* pipe = ::popen(script.c_str(), "r");
    std::string output;
    std::array<char, 4096> buffer{};
    for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      output.append(buffer.data(), count);
    }
    ::pclose(pipe);
    std::vector<std::string> lines;
    std::istringstream stream(output);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

 private:
  testing::TempDir m_dir;
};

/// What differs from run to run: session ids, times, rates, hashes, memory.
std::string normalised(std::string line) {
  static const std::vector<std::pair<std::regex, std::string>> k_rules{
      {std::regex(R"(run_\d{13})"), "run_<ms>"},
      {std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"), "<time>"},
      {std::regex(R"("duration_ms":\d+)"), R"("duration_ms":<ms>)"},
      {std::regex(R"("seq":\d+)"), R"("seq":<n>)"},
      {std::regex(R"([\d,]+ rows/s)"), "<rate> rows/s"},
      {std::regex(R"(\d+ min \d\d s|\d+(\.\d+)? (ms|s)\b)"), "<duration>"},
      {std::regex(R"((/usr)?/bin/sh: )"), "sh: "},
      {std::regex(R"(start at '[^']+')"), "start at '<folder>'"},
      {std::regex(R"( {2,})"), "  "},
  };
  for (const auto& [pattern, replacement] : k_rules) line = std::regex_replace(line, pattern, replacement);
  return line;
}

std::vector<std::string> normalised(std::vector<std::string> lines) {
  for (std::string& line : lines) line = normalised(line);
  return lines;
}

/// Runs the document's commands and returns it with what they printed; `failures` gets the commands that printed
/// something else than the document says.
std::string replay(const std::string& document, const Workplace& workplace, std::vector<std::string>& failures) {
  std::istringstream stream(document);
  std::string replayed;
  bool in_console = false;
  std::string command;
  std::vector<std::string> expected;
  const auto finish_command = [&] {
    if (command.empty()) return;
    const std::vector<std::string> printed = workplace.run(command);
    const bool same = normalised(printed) == normalised(expected);
    if (!same) failures.push_back(command);
    for (const std::string& line : same ? expected : printed) replayed += line + "\n";
    command.clear();
    expected.clear();
  };
  for (std::string line; std::getline(stream, line);) {
    const bool is_fence = line.starts_with("```");
    const bool is_command = in_console && line.starts_with("$ ");
    if (is_fence || is_command) finish_command();
    if (is_fence) in_console = line == "```console";
    if (is_command) command = line.substr(2);
    if (in_console && !is_fence && !is_command) {
      expected.push_back(line);
    } else {
      replayed += line + "\n";
    }
  }
  return replayed;
}

std::vector<fs::path> documents() {
  std::vector<fs::path> paths{k_root / "README.md"};
  for (const auto& entry : fs::directory_iterator(k_root / "docs")) {
    if (entry.path().extension() == ".md") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

class DocsTest : public ::testing::TestWithParam<fs::path> {};

TEST_P(DocsTest, CommandsPrintWhatTheDocumentSays) {
  const std::string document = testing::read_text(GetParam());
  const Workplace workplace;
  std::vector<std::string> failures;
  const std::string replayed = replay(document, workplace, failures);
  if (std::getenv("UPDATE_GOLDEN") != nullptr && replayed != document) {
    std::ofstream(GetParam()) << replayed;
    return;
  }
  EXPECT_TRUE(failures.empty()) << "printed something else, first: " << (failures.empty() ? "" : failures.front())
                                << "\n"
                                << replayed;
}

INSTANTIATE_TEST_SUITE_P(Documents, DocsTest, ::testing::ValuesIn(documents()), [](const auto& document) {
  std::string name = document.param.stem().string();
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace spillway
