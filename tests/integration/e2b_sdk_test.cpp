#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/cgroup.hpp"
#include "sandbox_support.hpp"
#include "support/long_form.hpp"
#include "support/process.hpp"
#include "support/process_tree.hpp"
#include "support/sandbox_server.hpp"

/// The official SDK of E2B against spillway sandboxd: what it does with E2B's sandboxes works with these, and what
/// runs in one of them reaches nothing of the others or of this machine. The cases are in tests/e2b/.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const fs::path k_sdk = fs::path(SPILLWAY_SOURCE_DIR) / ".deps/e2b";

/// Of this program: another suite may run beside it.
std::string marker() { return "spillway-e2b-marker-" + std::to_string(::getpid()); }

/// Processes of this machine whose command line has it: those that a suite starts in sandboxes.
std::vector<std::string> marked_processes() {
  std::vector<std::string> marked;
  for (const pid_t pid : all_processes()) {
    std::string line = proc_file(pid, "cmdline");
    if (line.find(marker()) != std::string::npos) marked.push_back(std::move(line));
  }
  return marked;
}

class E2bSdk : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    ASSERT_TRUE(fs::exists(k_sdk / "bin/node")) << "./dev setup fetches it";
    fs::create_directories(m_templates / "with-files");
    std::ofstream(m_templates / "with-files/hello.txt") << "baked in\n";
  }

  /// Runs a suite; all of its cases pass, and there are at least so many.
  void run_suite(const std::string& suite, int least_cases) {
    SandboxServer server({"--max-sandboxes=6", suite == "conformance" ? "--disk=1200MB" : "--disk=128MB",
                          "--memory=512MB", "--processes=100",
                          "--template=with-files=" + (m_templates / "with-files").string()});
    ProcessOptions options;
    options.directory = m_templates.path();
    options.environment = server.environment();
    options.environment["E2B_SDK"] = (k_sdk / GetParam() / "node_modules/e2b").string();
    options.environment["MARKER"] = marker();
    // What the machine may not limit cannot be tested.
    if (sandbox::Cgroup::create(marker(), {std::uint64_t{1} << 30, 50})) options.environment["HAS_GROUPS"] = "1";
    if (is_long_form()) options.environment["SPILLWAY_TEST_LONG"] = "1";
    const fs::path script = fs::path(SPILLWAY_SOURCE_DIR) / "tests/e2b" / (suite + ".mjs");
    const ProcessResult result =
        Process({(k_sdk / "bin/node").string(), "--test-reporter=tap", script.string()}, options).wait();
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err << server.log();
    std::smatch passed;
    ASSERT_TRUE(std::regex_search(result.out, passed, std::regex("\n# pass (\\d+)\n"))) << result.out << result.err;
    EXPECT_GE(std::stoi(passed[1]), least_cases);
    EXPECT_EQ(result.out.find("# SKIP"), std::string::npos) << result.out;
    // Whatever it made is gone when it says so, and the key and the tokens are in no log.
    EXPECT_THAT(marked_processes(), IsEmpty());
    EXPECT_EQ(server.log().find(SandboxServer::k_key), std::string::npos);
    EXPECT_EQ(server.log().find("ea_"), std::string::npos);
    EXPECT_EQ(server.stop(), 0);
  }

  TempDir m_templates;
};

TEST_P(E2bSdk, WorksWithTheServer) { run_suite("conformance", 80); }

TEST_P(E2bSdk, DoesNotEscape) { run_suite("escape", 40); }

INSTANTIATE_TEST_SUITE_P(Version, E2bSdk, ::testing::Values("2.51.0", "2.46.1"), [](const auto& tested) {
  std::string name = tested.param;
  std::ranges::replace(name, '.', '_');
  return name;
});

}  // namespace
}  // namespace spillway::testing
