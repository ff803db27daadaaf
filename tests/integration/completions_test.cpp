#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"

/// `spillway completions`, as the shells take it.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class Completions : public ::testing::Test {
 protected:
  void SetUp() override {
    m_project.write("pipeline.yaml", "oml_version: \"0.1.0\"\n");
    m_project.write("data/other.yml", "");
    m_project.write("notes.txt", "");
  }

  /// What bash offers for the last of these words.
  std::vector<std::string> offers(const std::vector<std::string>& words) const {
    std::string script =
        "source <('" + spillway_program() + "' completions bash)\nCOMP_WORDS=('" + spillway_program() + "'";
    for (const std::string& word : words) script += " '" + word + "'";
    script += ")\nCOMP_CWORD=" + std::to_string(words.size()) + "\n_spillway\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    const ProcessResult result = m_project.shell("bash --norc <<'SCRIPT'\n" + script + "SCRIPT");
    EXPECT_EQ(result.err, "");
    std::vector<std::string> lines;
    std::istringstream stream(result.out);
    for (std::string line; std::getline(stream, line);) {
      if (!line.empty()) lines.push_back(line);
    }
    return lines;
  }

  std::string script(const std::string& shell) const { return m_project.spillway({"completions", shell}).out; }

  Project m_project;
};

TEST_F(Completions, OfACommand) {
  EXPECT_THAT(offers({"va"}), ElementsAre("validate"));
  EXPECT_THAT(offers({""}), Contains("completions"));
  EXPECT_THAT(offers({"help", "com"}), ElementsAre("compile", "components", "completions"));
}

TEST_F(Completions, OfAnOption) {
  EXPECT_THAT(offers({"run", "--force"}), ElementsAre("--force-spill"));
  EXPECT_THAT(offers({"run", "pipeline.yaml", "--thr"}), ElementsAre("--threads"));
  EXPECT_THAT(offers({"version", "--thr"}), ElementsAre());
}

TEST_F(Completions, OfAPipelineOrAFolder) {
  EXPECT_THAT(offers({"run", ""}), UnorderedElementsAre("data/", "pipeline.yaml"));
  EXPECT_THAT(offers({"run", "--threads", "2", "data/"}), ElementsAre("data/other.yml"));
  EXPECT_THAT(offers({"run", "pipeline.yaml", ""}), ElementsAre()) << "a run takes one";
  EXPECT_THAT(offers({"diff", "pipeline.yaml", "p"}), ElementsAre("pipeline.yaml"));
  EXPECT_THAT(offers({"run", "-C", ""}), ElementsAre("data/"));
}

TEST_F(Completions, OfComponentsThoseOfTheProjectIncluded) {
  EXPECT_THAT(offers({"components", "sh"}), ElementsAre("show"));
  EXPECT_THAT(offers({"components", "show", "duck"}), ElementsAre("duckdb.processor"));
  m_project.write("components/acme.extractor/spec.yaml",
                  "name: acme.extractor\nversion: 1.0.0\ntitle: Acme\ndescription: Acme.\nrole: extractor\n"
                  "modes: [read]\nconfigSchema: {type: object}\n");
  EXPECT_THAT(offers({"components", "show", "ac"}), ElementsAre("acme.extractor"));
}

TEST_F(Completions, OfAnErrorCode) { EXPECT_THAT(offers({"explain", "OML20"}), Contains("OML201")); }

TEST_F(Completions, EveryShellKnowsEveryCommandAndOption) {
  const Json commands = Json::parse(m_project.spillway({"help", "--json"}).out)["commands"];
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string text = script(shell);
    for (const Json& command : commands) EXPECT_THAT(text, HasSubstr(command["name"].get<std::string>())) << shell;
    for (const std::string option : {"last-compile", "memory-limit", "exit-code"}) {
      EXPECT_THAT(text, HasSubstr(option)) << shell;
    }
  }
}

/// A shell that is not installed cannot say what it thinks of its script.
TEST_F(Completions, EveryInstalledShellCanReadItsScript) {
  std::vector<std::string> checked;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    if (m_project.shell("command -v " + shell).exit_code != 0) continue;
    checked.push_back(shell);
    m_project.write("script", script(shell));
    const ProcessResult result = m_project.shell(shell + " -n script");
    EXPECT_EQ(result.exit_code, 0) << shell << ": " << result.err;
  }
  EXPECT_THAT(checked, Contains("bash"));
}

}  // namespace
}  // namespace spillway::testing
