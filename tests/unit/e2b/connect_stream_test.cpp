#include "e2b/connect_stream.hpp"

#include <gtest/gtest.h>

#include "util/error.hpp"

namespace spillway::e2b {
namespace {

using namespace std::string_literals;

std::string refusal(const std::string& bytes) {
  EnvelopeReader reader;
  try {
    reader.append(bytes);
    while (reader.next()) {
    }
    reader.append("x");
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, ErrorCode::protocol);
    return exception.error().message;
  }
  return "accepted";
}

TEST(ConnectStream, AnEnvelopeIsFlagsLengthAndBytes) {
  EXPECT_EQ(envelope_of("{}"), "\0\0\0\0\2{}"s);
  EXPECT_EQ(envelope_of(std::string(0x010203, 'x')).substr(0, 6), "\0\0\1\2\3x"s);
}

TEST(ConnectStream, EnvelopesComeWhateverThePieces) {
  const std::string bytes =
      envelope_of("one") + envelope_of("") + envelope_of(std::string(1000, 'y')) + "\2\0\0\0\2{}"s;
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    EnvelopeReader reader;
    std::vector<std::string> payloads;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      EXPECT_FALSE(reader.has_ended());
      reader.append(std::string_view(bytes).substr(at, piece));
      while (const auto envelope = reader.next())
        payloads.push_back((envelope->is_end ? "end " : "") + envelope->payload);
    }
    EXPECT_EQ(payloads, (std::vector<std::string>{"one", "", std::string(1000, 'y'), "end {}"}));
    EXPECT_TRUE(reader.has_ended());
  }
}

TEST(ConnectStream, WhatIsNoStreamIsRefused) {
  EXPECT_EQ(refusal("\1\0\0\0\0"s), "the sandbox's stream is broken: a part is compressed");
  EXPECT_EQ(refusal("\4\0\0\0\0"s), "the sandbox's stream is broken: a part has the flags 0x04");
  EXPECT_EQ(refusal("<html>"), "the sandbox's stream is broken: a part has the flags 0x3c");
  EXPECT_EQ(refusal("\0\1\0\0\1"s), "the sandbox's stream is broken: a part is 16 MB long");
  EXPECT_EQ(refusal("\2\0\0\0\2{}"s), "the sandbox's stream is broken: it goes on after its end");
  EXPECT_EQ(refusal("\2\0\0\0\2{}{"s), "the sandbox's stream is broken: it goes on after its end");
}

}  // namespace
}  // namespace spillway::e2b
