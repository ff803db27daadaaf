#include "sandbox/last_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LastLines, NothingCame) { EXPECT_THAT(LastLines().lines(), IsEmpty()); }

TEST(LastLines, PiecesMakeLines) {
  LastLines lines;
  for (const char* piece : {"on", "e\ntw", "o\n\n  \nth", "ree"}) lines.append(piece);
  EXPECT_THAT(lines.lines(), ElementsAre("one", "two", "three"));
}

TEST(LastLines, TheLastTwentyAreKept) {
  LastLines lines;
  for (int i = 1; i <= 100; ++i) lines.append("line " + std::to_string(i) + "\n");
  EXPECT_THAT(lines.lines(), SizeIs(20));
  EXPECT_EQ(lines.lines().front(), "line 81");
  lines.append("line 101");
  EXPECT_THAT(lines.lines(), SizeIs(20));
  EXPECT_EQ(lines.lines().front(), "line 82");
  EXPECT_EQ(lines.lines().back(), "line 101");
}

TEST(LastLines, ALineIsCut) {
  LastLines lines;
  lines.append(std::string(5000, 'x') + "\nnext\n");
  EXPECT_THAT(lines.lines(), ElementsAre(std::string(1000, 'x'), "next"));
}

TEST(LastLines, WhatIsNoTextIsReplaced) {
  LastLines lines;
  lines.append("a\xff\n");
  EXPECT_THAT(lines.lines(), ElementsAre("a\xef\xbf\xbd"));
}

}  // namespace
}  // namespace spillway::sandbox
