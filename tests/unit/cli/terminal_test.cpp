#include "cli/terminal.hpp"

#include <map>

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

bool plain(std::map<std::string, std::string> variables) {
  return wants_plain([variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

// contracts.md, "Environment": NO_COLOR, CI and TERM=dumb ask for plain output.
TEST(WantsPlain, FollowsTheEnvironment) {
  EXPECT_FALSE(plain({{"TERM", "xterm-256color"}}));
  EXPECT_TRUE(plain({{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
  EXPECT_FALSE(plain({{"TERM", "xterm"}, {"NO_COLOR", ""}})) << "no-color.org: only when not empty";
  EXPECT_TRUE(plain({{"TERM", "xterm"}, {"CI", "true"}}));
  EXPECT_TRUE(plain({{"TERM", "dumb"}}));
  EXPECT_TRUE(plain({})) << "a terminal that does not say what it is can do nothing";
}

TEST(Colored, LeavesPlainTextAlone) {
  EXPECT_EQ(colored(Terminal{}, Color::red, "x"), "x");
  EXPECT_EQ(colored(Terminal{.is_fancy = true}, Color::red, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(colored(Terminal{.is_fancy = true}, Color::none, "x"), "x");
}

}  // namespace
}  // namespace spillway::cli
