#include "e2b/process_event.hpp"

#include <gtest/gtest.h>

namespace spillway::e2b {
namespace {

TEST(ProcessEvent, HowAProcessEnds) {
  const auto ended = [](const char* payload) { return std::get<ProcessEnded>(decode_process_event(payload)); };
  EXPECT_EQ(ended(R"({"event": {"end": {"exited": true, "status": "exit status 0"}}})").exit_code, 0);
  const ProcessEnded failed = ended(
      R"({"event": {"end": {"exitCode": 127, "exited": true, "status": "exit status 127", "error": "exit status 127"}}})");
  EXPECT_EQ(failed.exit_code, 127);
  EXPECT_FALSE(failed.was_killed());
  const ProcessEnded killed =
      ended(R"({"event": {"end": {"exitCode": -1, "status": "signal: killed", "error": "signal: killed"}}})");
  EXPECT_EQ(killed.exit_code, -1);
  EXPECT_TRUE(killed.was_killed());
}

TEST(ProcessEvent, WhatNobodyKnowsIsASignOfLife) {
  for (const char* payload :
       {R"({"event": {}})", R"({"event": {"keepalive": {}}})", R"({"event": {"paused": {"for": 3}}})",
        R"({"event": {"data": {"pty": "bDEK"}}})", R"({"event": {"start": null}})"}) {
    EXPECT_TRUE(std::holds_alternative<ProcessKeepAlive>(decode_process_event(payload))) << payload;
  }
}

TEST(ProcessEvent, WhatIsNoEventIsRefused) {
  for (const char* payload : {"", "[]", "{}", R"({"event": 3})", "{\"event\"",
                              R"({"event": {"data": {"stdout": "b"}}})", R"({"event": {"data": {"stdout": 7}}})"}) {
    try {
      decode_process_event(payload);
      ADD_FAILURE() << payload;
    } catch (const Exception& exception) {
      EXPECT_EQ(exception.error().message, std::string("the sandbox's stream is broken: it tells '") + payload + "'");
    }
  }
}

TEST(ProcessEvent, TheEndOfAStream) {
  EXPECT_FALSE(decode_stream_end("cannot", "{}"));
  EXPECT_FALSE(decode_stream_end("cannot", R"({"metadata": {}})"));
  const auto failure = decode_stream_end(
      "cannot run", R"({"error": {"code": "invalid_argument", "message": "cwd '/x' does not exist"}})");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->error.message, "cannot run: cwd '/x' does not exist [invalid_argument]");
  EXPECT_EQ(failure->fault, Fault::refused);
}

}  // namespace
}  // namespace spillway::e2b
