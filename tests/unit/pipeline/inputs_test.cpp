#include "pipeline/inputs.hpp"

#include <set>

#include "util/sha256.hpp"

namespace spillway::pipeline {
namespace {

std::vector<std::string> keys_of(const std::vector<std::string>& needs) {
  std::vector<std::string> keys;
  for (const StepInput& input : step_inputs(needs)) keys.push_back(input.key);
  return keys;
}

std::string hash8(const std::string& id) { return sha256_hex(id).substr(0, 8); }

using Names = std::vector<std::string>;

TEST(Inputs, ASingleNeedIsDf) {
  const auto inputs = step_inputs({"extract-movies"});
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_EQ(inputs[0].key, "df");
  EXPECT_EQ(inputs[0].from_step, "extract-movies");
  EXPECT_TRUE(step_inputs({}).empty());
}

TEST(Inputs, SeveralNeedsAreNamedAfterTheirSteps) {
  EXPECT_EQ(keys_of({"extract-movies", "b", "2nd.step"}), (Names{"df_extract_movies", "df_b", "df__2nd_step"}));
}

TEST(Inputs, KeysThatCollideGetTheHashOfTheirId) {
  EXPECT_EQ(keys_of({"a-b", "a_b", "c"}), (Names{"df_a_b_" + hash8("a-b"), "df_a_b_" + hash8("a_b"), "df_c"}));
}

TEST(Inputs, KeysThatDifferInCaseOnlyCollideBecauseSqlIgnoresIt) {
  EXPECT_EQ(keys_of({"Orders", "orders"}), (Names{"df_Orders_" + hash8("Orders"), "df_orders_" + hash8("orders")}));
}

TEST(Inputs, KeysStayUniqueWhenAnIdImitatesAHashedKey) {
  const Names keys = keys_of({"a-b", "a_b", "a_b_" + hash8("a-b")});
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 3U);
}

TEST(Inputs, ASingleInputIsVisibleUnderThreeNames) {
  EXPECT_EQ(view_names(step_inputs({"extract-movies"})[0], 1), (Names{"df", "input_df", "df_extract_movies"}));
  EXPECT_EQ(view_names({"left", "a"}, 1), (Names{"df", "input_df", "df_a", "left"}));
  EXPECT_EQ(view_names(step_inputs({"a", "b"})[1], 2), (Names{"df_b"}));
}

}  // namespace
}  // namespace spillway::pipeline
