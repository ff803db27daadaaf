#include "protocol/numbered_lines.hpp"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/messages.hpp"

namespace spillway::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> k_messages{R"({"status":"pong"})", R"({"type":"event","name":"{\"seq\":1,"})",
                                          R"({"type":"event","data":{"seq":2}})", R"({"text":"{","seq\":3":"}"})",
                                          R"({"status":"cleaned"})"};

/// The lines that come out of these bytes; what is wrong with one stands in its place.
std::vector<std::string> lines_of(IncomingLines& incoming, std::string_view bytes) {
  incoming.append(bytes);
  std::vector<std::string> lines;
  while (auto line = incoming.next()) lines.push_back(*line ? **line : line->error().message);
  return lines;
}

TEST(NumberedLines, TheNumbersStandInFront) {
  EXPECT_EQ(numbered(R"({"cmd":"ping"})", 7), R"({"seq":7,"cmd":"ping"})");
  EXPECT_EQ(numbered(R"({"cmd":"ping"})", 7, 3), R"({"seq":7,"ack":3,"cmd":"ping"})");
}

TEST(NumberedLines, NumbersAreReadWhereverTheyStand) {
  const auto numbers = line_numbers(R"({"cmd":"resume","after":4,"ack":5,"seq":6})");
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->seq, 6U);
  EXPECT_EQ(numbers->ack, 5U);
  EXPECT_EQ(numbers->resume_after, 4U);
  EXPECT_EQ(line_numbers(R"({"cmd":"ping"})")->seq, 0U);
  EXPECT_FALSE(line_numbers(R"({"cmd":"ping"})")->resume_after);
  EXPECT_EQ(line_numbers(R"({"seq":-1})")->seq, 0U);
  EXPECT_EQ(line_numbers(R"({"seq":"1"})")->seq, 0U);
}

TEST(NumberedLines, NoPartOfACommandFromItsStartIsALine) {
  const std::string line = numbered(R"({"cmd":"ping","data":{"a":"}{","b":[{}]}})", 12, 3);
  for (std::size_t length = 0; length < line.size(); ++length) EXPECT_FALSE(line_numbers(line.substr(0, length)));
  EXPECT_TRUE(line_numbers(line));
}

TEST(SentLines, KeepsWhatIsNotAcknowledged) {
  SentLines sent;
  EXPECT_EQ(sent.add(R"({"a":1})"), "{\"seq\":1,\"a\":1}\n");
  sent.add(R"({"b":1})");
  sent.add(R"({"c":1})");
  EXPECT_EQ(sent.bytes(), 48U);
  sent.acknowledge(2);
  EXPECT_EQ(sent.bytes(), 16U);
  EXPECT_EQ(sent.acknowledged(), 2U);
  EXPECT_EQ(sent.last(), 3U);
  EXPECT_EQ(sent.at(3), "{\"seq\":3,\"c\":1}\n");
  sent.acknowledge(1);
  EXPECT_EQ(sent.acknowledged(), 2U);
  sent.acknowledge(99);
  EXPECT_EQ(sent.acknowledged(), 3U) << "what was never sent cannot be acknowledged";
  EXPECT_EQ(sent.add(R"({"d":1})"), "{\"seq\":4,\"d\":1}\n");
}

TEST(IncomingLines, EachLineOnceAndInOrder) {
  IncomingLines incoming;
  EXPECT_THAT(lines_of(incoming, "{\"seq\":1,\"a\":1}\n{\"seq\":1,\"a\":1}\n{\"seq\":2,\"b\":1}\n"),
              ElementsAre(R"({"seq":1,"a":1})", R"({"seq":2,"b":1})"));
  EXPECT_EQ(incoming.last(), 2U);
  EXPECT_FALSE(incoming.has_gap());
}

TEST(IncomingLines, AGapIsNoticedAndClosedByTheReplay) {
  IncomingLines incoming;
  EXPECT_THAT(lines_of(incoming, "{\"seq\":2,\"b\":1}\n"), IsEmpty());
  EXPECT_TRUE(incoming.has_gap());
  EXPECT_THAT(lines_of(incoming, "\n{\"seq\":1,\"a\":1}\n{\"seq\":2,\"b\":1}\n"),
              ElementsAre(R"({"seq":1,"a":1})", R"({"seq":2,"b":1})"));
  EXPECT_FALSE(incoming.has_gap());
}

TEST(IncomingLines, WhatHasNoNumberDoesNotBelongHere) {
  IncomingLines incoming;
  EXPECT_THAT(lines_of(incoming, "Welcome!\n"), ElementsAre("line without a number: Welcome!"));
  incoming.cut();
  EXPECT_THAT(lines_of(incoming, "come!\n"), IsEmpty()) << "it may be the rest of one";
  EXPECT_THAT(lines_of(incoming, "{\"seq\":1,\"a\":1}\nWelcome!\n"),
              ElementsAre(R"({"seq":1,"a":1})", "line without a number: Welcome!"));
}

TEST(IncomingLines, AnOverLongLine) {
  IncomingLines incoming;
  EXPECT_THAT(lines_of(incoming, std::string(k_max_line_bytes + 1, 'x')),
              ElementsAre(HasSubstr("line is longer than the limit")));
  incoming.cut();
  EXPECT_THAT(lines_of(incoming, std::string(k_max_line_bytes + 1, 'x')), IsEmpty());
}

// The stream ends at one byte, another begins at a later one, and then comes the replay: whatever the two bytes are,
// each message is there once.
TEST(IncomingLines, CutAndResumedAtEveryByte) {
  SentLines sent;
  std::string all;
  for (const std::string& message : k_messages) all += sent.add(message);
  std::vector<std::string> expected;
  for (std::uint64_t seq = 1; seq <= sent.last(); ++seq) {
    expected.push_back(sent.at(seq).substr(0, sent.at(seq).size() - 1));
  }
  for (std::size_t end = 0; end <= all.size(); ++end) {
    for (std::size_t begin = end; begin <= std::min(all.size(), end + 60); ++begin) {
      IncomingLines incoming;
      std::vector<std::string> lines = lines_of(incoming, all.substr(0, end));
      incoming.cut();
      std::string second = all.substr(begin) + "\n";
      for (std::uint64_t seq = incoming.last() + 1; seq <= sent.last(); ++seq) second += sent.at(seq);
      for (std::string& line : lines_of(incoming, second)) lines.push_back(std::move(line));
      ASSERT_EQ(lines, expected) << "cut at byte " << end << ", resumed at byte " << begin;
    }
  }
}

}  // namespace
}  // namespace spillway::protocol
