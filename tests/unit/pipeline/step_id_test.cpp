#include "pipeline/step_id.hpp"

namespace spillway::pipeline {
namespace {

TEST(StepId, IsFitForAFolderName) {
  for (const char* id : {"a", "extract-movies", "1", "_x", "a.b", "A_b-C.d", "_systems"}) {
    EXPECT_EQ(step_id_problem(id), "") << id;
  }
  for (const char* id : {"", ".", "..", ".hidden", "-x", "a b", "a/b", "a..b", "_system", "é", "a\nb", "a:b"}) {
    EXPECT_NE(step_id_problem(id), "") << id;
  }
  EXPECT_EQ(step_id_problem(std::string(128, 'x')), "");
  EXPECT_NE(step_id_problem(std::string(129, 'x')), "");
}

}  // namespace
}  // namespace spillway::pipeline
