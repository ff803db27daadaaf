#include "cli/step_tree.hpp"

#include <gtest/gtest.h>

namespace spillway::cli {
namespace {

using Lines = std::vector<std::string>;

Lines tree_of(const std::vector<std::pair<std::string, std::vector<std::string>>>& steps) {
  pipeline::Manifest manifest;
  for (const auto& [id, needs] : steps) {
    pipeline::ManifestStep step;
    step.id = id;
    step.needs = needs;
    manifest.steps.push_back(step);
  }
  Lines lines;
  for (const TreeLine& line : step_tree(manifest)) lines.push_back(line.branch + line.step->id);
  return lines;
}

TEST(StepTree, AChainGoesDown) {
  EXPECT_EQ(tree_of({{"a", {}}, {"b", {"a"}}, {"c", {"b"}}}), (Lines{"a", "`- b", "   `- c"}));
}

TEST(StepTree, ATeeBranches) {
  EXPECT_EQ(tree_of({{"a", {}}, {"b", {"a"}}, {"c", {"a"}}, {"d", {"b"}}}), (Lines{"a", "|- b", "|  `- d", "`- c"}));
}

TEST(StepTree, AJoinStandsBelowTheLastStepThatItNeeds) {
  EXPECT_EQ(tree_of({{"a", {}}, {"b", {}}, {"join", {"b", "a"}}}), (Lines{"a", "b", "`- join"}));
  EXPECT_EQ(tree_of({{"a", {}}, {"b", {"a"}}, {"join", {"b", "a"}}}), (Lines{"a", "`- b", "   `- join"}));
}

TEST(StepTree, ALongChainIsNotIndentedWithoutEnd) {
  std::vector<std::pair<std::string, std::vector<std::string>>> steps{{"s0", {}}};
  for (int i = 1; i < 5000; ++i) steps.push_back({"s" + std::to_string(i), {"s" + std::to_string(i - 1)}});
  const Lines lines = tree_of(steps);
  ASSERT_EQ(lines.size(), 5000U);
  EXPECT_EQ(lines.back(), std::string(3 * k_max_tree_depth, ' ') + "`- s4999");
}

TEST(StepTree, NoStepsMakeNoLines) { EXPECT_EQ(tree_of({}), Lines{}); }

}  // namespace
}  // namespace spillway::cli
