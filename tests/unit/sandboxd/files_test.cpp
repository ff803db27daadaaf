#include "sandboxd/files.hpp"

#include <gtest/gtest.h>

#include "sandboxd/agent_files.hpp"
#include "sandboxd/rpc_error.hpp"

namespace spillway::sandboxd {
namespace {

using Part = std::pair<std::uint64_t, std::uint64_t>;

TEST(Range, NamesAPartOfAFile) {
  EXPECT_EQ(parse_range("bytes=0-0", 10), Part(0, 1));
  EXPECT_EQ(parse_range("bytes=2-4", 10), Part(2, 3));
  EXPECT_EQ(parse_range("bytes=2-", 10), Part(2, 8));
  EXPECT_EQ(parse_range("bytes=2-99", 10), Part(2, 8));
  EXPECT_EQ(parse_range("bytes=-3", 10), Part(7, 3));
  EXPECT_EQ(parse_range("bytes=-99", 10), Part(0, 10));
  EXPECT_EQ(parse_range("bytes=0-18446744073709551615", 10), Part(0, 10));
}

TEST(Range, OfNothingIsNone) {
  EXPECT_EQ(parse_range("bytes=10-", 10), std::nullopt);
  EXPECT_EQ(parse_range("bytes=0-", 0), std::nullopt);
  EXPECT_EQ(parse_range("bytes=-0", 10), std::nullopt);
  EXPECT_EQ(parse_range("bytes=-5", 0), std::nullopt);
}

TEST(Range, ThatIsNoneIsTheWhole) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "bytes=1-2,4-5", "lines=1-2",
                             "bytes=99999999999999999999-"}) {
    EXPECT_EQ(parse_range(header, 10), Part(0, 10)) << header;
  }
}

TEST(AgentFiles, PathsStartAtTheHome) {
  EXPECT_EQ(absolute_path(""), "/home/user/");
  EXPECT_EQ(absolute_path("~"), "/home/user");
  EXPECT_EQ(absolute_path("~/a"), "/home/user/a");
  EXPECT_EQ(absolute_path("a/../b"), "/home/user/b");
  EXPECT_EQ(absolute_path("/a//b/./c"), "/a/b/c");
  EXPECT_EQ(absolute_path("~x"), "/home/user/~x");
  EXPECT_THROW(absolute_path(std::string("a\0b", 3)), RpcError);
}

}  // namespace
}  // namespace spillway::sandboxd
