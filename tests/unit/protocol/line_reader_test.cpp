#include "protocol/line_reader.hpp"

#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "protocol/messages.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"

namespace spillway::protocol {
namespace {

/// What the reader makes of bytes that arrive through a pipe: lines, and the messages of errors.
std::vector<std::string> lines_of(const std::string& bytes) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const Fd read_end(ends[0]);
  std::thread writer([&] {
    const Fd write_end(ends[1]);
    write_all(write_end.get(), bytes, "pipe");
  });
  LineReader reader(read_end.get());
  std::vector<std::string> lines;
  while (auto line = reader.next()) lines.push_back(*line ? **line : line->error().message);
  writer.join();
  return lines;
}

TEST(LineReader, SplitsAtNewlinesAndSkipsBlankLines) {
  EXPECT_EQ(lines_of("a\n\n  \nb\n"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines_of(""), std::vector<std::string>{});
  EXPECT_EQ(lines_of("\n"), std::vector<std::string>{});
}

TEST(LineReader, ALastLineNeedsNoNewline) { EXPECT_EQ(lines_of("a\nb"), (std::vector<std::string>{"a", "b"})); }

TEST(LineReader, LongLinesArriveWhole) {
  const std::string megabyte(1 << 20, 'x');
  EXPECT_EQ(lines_of(megabyte + "\nshort\n"), (std::vector<std::string>{megabyte, "short"}));
}

TEST(LineReader, ALineOverTheLimitIsAnErrorAndTheNextOneIsRead) {
  const std::string endless(3 * k_max_line_bytes, 'x');
  EXPECT_EQ(lines_of("a\n" + endless + "\nb\n"),
            (std::vector<std::string>{"a", "line is longer than the limit of 16777216 bytes", "b"}));
}

}  // namespace
}  // namespace spillway::protocol
