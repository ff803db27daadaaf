#include "sandbox/process_channel.hpp"

#include <signal.h>

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::sandbox {
namespace {

using protocol::Json;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto k_no_time = 60s;  ///< longer than any test may last

class ProcessChannelTest : public ::testing::Test {
 protected:
  void open(const std::string& mode) {
    // A worker that is gone is an error of the write; the program's main does the same.
    ::signal(SIGPIPE, SIG_IGN);
    m_program.process.arguments = {BAD_WORKER, mode};
    m_channel = open_process_channel(m_program);
  }

  protocol::Response next_answer() {
    for (;;) {
      const auto message = m_channel->receive(k_no_time);
      if (!message) return {"nothing came", Json::object()};
      if (const auto* response = std::get_if<protocol::Response>(&*message)) return *response;
    }
  }

  /// What the channel throws once the worker's messages are used up.
  Error loss() {
    try {
      while (m_channel->receive(k_no_time)) {
      }
    } catch (const Exception& exception) {
      return exception.error();
    }
    return make_error(ErrorCode::internal, "nothing was lost");
  }

  WorkerProgram m_program;
  std::unique_ptr<Channel> m_channel;
};

TEST_F(ProcessChannelTest, CommandsGoInAndAnswersComeOutInOrder) {
  open("good");
  for (int i = 0; i < 3; ++i) m_channel->send(protocol::PingCommand{i});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(next_answer().body["echo"], i);
}

TEST_F(ProcessChannelTest, ReceiveComesBackWhenNothingIsThere) {
  open("good");
  EXPECT_FALSE(m_channel->receive(0ms));
}

TEST_F(ProcessChannelTest, TheWorkerSeesThreeDescriptorsAndTheEnvironmentThatItIsGiven) {
  m_program.process.environment = {"LANG=C.UTF-8"};
  open("surroundings");
  const Json seen = next_answer().body;
  EXPECT_EQ(seen["environment"], Json({"LANG=C.UTF-8"}));
  EXPECT_EQ(seen["descriptors"], Json({0, 1, 2}));
  EXPECT_EQ(seen["group"], seen["parent"]) << "the guard leads the group";
  EXPECT_NE(seen["group"], ::getpgrp());
  EXPECT_NE(seen["parent"], ::getpid());
}

TEST(WorkerProcess, TheEnvironmentIsAnAllowList) {
  ::setenv("PLANTED_TOKEN", "planted-5ecret-7f3a", 1);
  ::setenv("LC_ALL", "C.UTF-8", 1);
  const ProcessSpec spec = worker_program({}).process;
  ::unsetenv("PLANTED_TOKEN");
  EXPECT_THAT(spec.environment, Contains("LC_ALL=C.UTF-8"));
  for (const std::string& variable : spec.environment) {
    EXPECT_THAT(variable, Not(StartsWith("HOME=")));
    EXPECT_THAT(variable, Not(HasSubstr("planted")));
  }
}

TEST_F(ProcessChannelTest, AProgramThatCannotBeStarted) {
  m_program.process.arguments = {"/nowhere/spillway", "worker"};
  try {
    open_process_channel(m_program);
    FAIL();
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().message, "cannot start '/nowhere/spillway': No such file or directory");
  }
}

TEST_F(ProcessChannelTest, AnExitStatusIsTold) {
  open("exits");
  const Error error = loss();
  EXPECT_EQ(error.code, ErrorCode::sandbox);
  EXPECT_EQ(error.message, "the worker ended: exit status 3");
}

TEST_F(ProcessChannelTest, TheLastWordsAreTold) {
  open("says_why_it_exits");
  m_channel->send(protocol::CleanupCommand{});
  const Error error = loss();
  EXPECT_THAT(error.message,
              StartsWith("the worker ended: exit status 3; its last words:\n    line 12\n    line 13\n"));
  EXPECT_THAT(error.message, HasSubstr("\n    line 30\n    the end"));
  EXPECT_THROW(m_channel->send(protocol::CleanupCommand{}), Exception);
}

TEST_F(ProcessChannelTest, ASignalIsTold) {
  open("kills_itself");
  const Error error = loss();
  EXPECT_THAT(error.message, MatchesRegex("the worker ended: killed by signal 9 .SIGKILL., having taken [0-9.]+ .B"));
  EXPECT_EQ(error.hint, "") << "memory did not run out";
}

TEST_F(ProcessChannelTest, TheLastWordsOfOneThatIsKilledAreToldToo) {
  open("says_much_and_is_killed");
  m_channel->send(protocol::CleanupCommand{});
  const Error error = loss();
  EXPECT_THAT(error.message, StartsWith("the worker ended: killed by signal 9 (SIGKILL)"));
  EXPECT_THAT(error.message, HasSubstr("; its last words:\n    line 12\n    line 13\n"));
  EXPECT_THAT(error.message, HasSubstr("\n    line 30\n    the end"));
}

TEST_F(ProcessChannelTest, WhatItSaidBeforeItEndedIsHeard) {
  open("answers_and_exits");
  const auto message = m_channel->receive(k_no_time);
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<protocol::Event>(*message).name, "tick");
  EXPECT_EQ(loss().message, "the worker ended: exit status 0");
}

TEST_F(ProcessChannelTest, AnOutputThatEndsBeforeTheWorker) {
  m_program.timeouts.exit_grace = 1ms;
  open("closes_its_output");
  EXPECT_EQ(loss().message, "the worker closed its output without ending");
}

TEST_F(ProcessChannelTest, HalfALine) {
  open("half_a_line");
  EXPECT_EQ(loss().message, "the worker ended: exit status 0, in the middle of a message");
}

TEST_F(ProcessChannelTest, WhatIsNoMessage) {
  open("no_json");
  EXPECT_EQ(loss().message, "the worker broke the protocol: line is no JSON object: Segmentation fault");
  open("no_message");
  const Error error = loss();
  EXPECT_EQ(error.message,
            "the worker broke the protocol: message with neither 'status' nor a known 'type': {\"colour\":\"blue\"}");
  EXPECT_EQ(error.hint, "host and worker must be the same version of spillway");
}

TEST_F(ProcessChannelTest, ALineWithoutEndIsNotWaitedFor) {
  open("line_without_end");
  EXPECT_EQ(loss().message, "the worker broke the protocol: line is longer than the limit of 16777216 bytes");
}

TEST_F(ProcessChannelTest, AFloodIsTakenInOrderAtTheHostsPace) {
  open("floods");
  // It does not read before it has written all of this: neither side may wait for the other.
  m_channel->send(protocol::PingCommand{std::string(1'000'000, 'x')});
  for (int i = 0; i < 5'000; ++i) {
    const auto message = m_channel->receive(k_no_time);
    ASSERT_TRUE(message);
    ASSERT_EQ(std::get<protocol::Event>(*message).data["number"], i);
  }
  EXPECT_EQ(next_answer().status, "pong");
}

TEST_F(ProcessChannelTest, BytesThatFollowALineAreTakenAsTheyAre) {
  open("sends_bytes");
  const auto message = m_channel->receive(k_no_time);
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<protocol::FilesData>(*message).bytes, std::string("a\nb\0c", 5));
  EXPECT_EQ(next_answer().status, "pong");
}

TEST_F(ProcessChannelTest, MoreBytesThanMayFollowALineEndTheConversation) {
  open("announces_too_many_bytes");
  EXPECT_EQ(loss().message,
            "the worker broke the protocol: files_data needs the number 'bytes', from 1 to 1048576, not 1048577");
}

TEST_F(ProcessChannelTest, WhatIsSentPieceByPieceIsMadeAsItIsTaken) {
  open("reads_slowly");
  int made = 0;
  auto* stream = dynamic_cast<StreamChannel*>(m_channel.get());
  stream->send_each([&]() -> std::optional<protocol::Command> {
    if (++made > 1000) return std::nullopt;
    return protocol::FilesData{0, std::string(100'000, '\n')};
  });
  m_channel->receive(0ms);
  EXPECT_LT(made, 10) << "what a pipe holds, and no more";
}

TEST_F(ProcessChannelTest, BeforeItsFirstWordAWorkerHasATimeOfItsOwn) {
  m_program.timeouts.heartbeat_interval = 1ms;
  m_program.timeouts.pong_timeout = 1ms;
  m_program.timeouts.start_timeout = 50ms;
  bool was_silent = false;
  m_program.explain_death = [&](const WorkerDeath& death) -> std::optional<Error> {
    was_silent = death.is_silent;
    return std::nullopt;
  };
  open("hangs");
  EXPECT_EQ(loss().message, "the worker does not respond: it said nothing within 50 ms");
  EXPECT_TRUE(was_silent);
}

TEST_F(ProcessChannelTest, AFloodOfStandardErrorHoldsNothingUp) {
  open("floods_standard_error");
  m_channel->send(protocol::PingCommand{1});
  EXPECT_EQ(next_answer().status, "pong");
}

TEST_F(ProcessChannelTest, ACommandOverTheLimitIsNotSent) {
  open("good");
  try {
    m_channel->send(protocol::PingCommand{std::string(protocol::k_max_line_bytes, 'x')});
    FAIL();
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().message, "cannot send a command of 16777240 bytes: the limit is 16777216 bytes");
  }
  m_channel->send(protocol::PingCommand{1});
  EXPECT_EQ(next_answer().body["echo"], 1) << "the channel goes on";
}

TEST_F(ProcessChannelTest, ASilentWorkerThatAnswersPingsIsLeftAlone) {
  m_program.timeouts.heartbeat_interval = 1ms;
  open("good");
  EXPECT_FALSE(m_channel->receive(100ms)) << "the answers to heartbeats are the channel's own";
}

TEST_F(ProcessChannelTest, AWorkerThatAnswersNoPingIsDead) {
  m_program.timeouts.heartbeat_interval = 1ms;
  m_program.timeouts.pong_timeout = 20ms;
  open("hangs");
  const Error error = loss();
  EXPECT_EQ(error.code, ErrorCode::sandbox);
  EXPECT_EQ(error.message, "the worker does not respond: it did not answer a ping within 20 ms");
}

class StopLadder : public ProcessChannelTest {
 protected:
  void close() {
    const auto start = std::chrono::steady_clock::now();
    m_channel.reset();
    m_took = std::chrono::steady_clock::now() - start;
  }
  std::chrono::nanoseconds m_took{0};
};

TEST_F(StopLadder, TheEndOfItsInputEndsAGoodWorker) {
  m_program.timeouts.close_grace = k_no_time;
  open("surroundings");
  const pid_t worker = next_answer().body["pid"];
  close();
  EXPECT_LT(m_took, 10s);
  EXPECT_EQ(::kill(worker, 0), -1) << "it is gone";
}

TEST_F(StopLadder, SigtermEndsOneThatDoesNotLookAtItsInput) {
  m_program.timeouts.close_grace = 1ms;
  m_program.timeouts.term_grace = k_no_time;
  m_program.process.orphan_grace = k_no_time;
  open("ends_on_term");
  close();
  EXPECT_LT(m_took, 10s);
}

TEST_F(StopLadder, SigkillEndsOneThatIgnoresEverything) {
  m_program.timeouts.close_grace = 1ms;
  m_program.timeouts.term_grace = 1ms;
  m_program.process.orphan_grace = k_no_time;
  open("ignores_everything");
  ASSERT_TRUE(m_channel->receive(k_no_time));
  close();
  EXPECT_LT(m_took, 10s);
}

TEST_F(StopLadder, AWorkerThatIsStillWritingIsNotWaitedFor) {
  m_program.timeouts.close_grace = k_no_time;
  open("floods");
  close();
  EXPECT_LT(m_took, 30s);
}

}  // namespace
}  // namespace spillway::sandbox
