#include "sandboxd/sandbox.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "sandboxd/rpc_error.hpp"
#include "util/memory_file.hpp"

/// A sandbox whose agent somebody has taken over.
namespace spillway::sandboxd {
namespace {

using namespace std::chrono_literals;

class SandboxTest : public ::testing::Test {
 protected:
  using Answer = std::function<void(MessageSocket& agent, const Json& request)>;

  SandboxTest() {
    auto [here, there] = make_socket_pair();
    m_sandbox = std::make_unique<Sandbox>(SandboxIdentity{}, std::move(here), 1 << 20, 0, [this] { ++m_ends; });
    m_agent = std::make_unique<MessageSocket>(std::move(there));
  }
  ~SandboxTest() override {
    m_sandbox.reset();
    if (m_thread.joinable()) m_thread.join();
  }

  void play_agent(Answer answer) {
    m_thread = std::thread([this, answer = std::move(answer)] {
      while (const std::optional<AgentMessage> request = m_agent->receive()) answer(*m_agent, request->content);
    });
  }
  /// Answers with this descriptor.
  void hand_over(const Fd& file) {
    play_agent([fd = file.get()](MessageSocket& agent, const Json& request) {
      agent.send({{"id", request.at("id")}, {"path", "/tmp/x"}}, {&fd, 1});
    });
  }
  static std::string failure_of(auto action) {
    try {
      action();
    } catch (const RpcError& error) {
      return std::string(to_string(error.code())) + ": " + error.what();
    }
    return "";
  }

  std::atomic<int> m_ends = 0;
  std::unique_ptr<Sandbox> m_sandbox;
  std::unique_ptr<MessageSocket> m_agent;
  std::thread m_thread;
};

TEST_F(SandboxTest, IsReadyWhenItsAgentSaysSo) {
  m_agent->send({{"ready", true}});
  EXPECT_TRUE(m_sandbox->wait_until_ready(10s));
  EXPECT_FALSE(m_sandbox->is_gone());
}

TEST_F(SandboxTest, IsGoneWithItsAgent) {
  m_agent->shut_down();
  EXPECT_FALSE(m_sandbox->wait_until_ready(10s));
  EXPECT_EQ(failure_of([&] { m_sandbox->measure(); }), "unavailable: the sandbox is gone");
  m_sandbox.reset();
  EXPECT_EQ(m_ends, 1);
}

TEST_F(SandboxTest, IsGoneWhenItsAgentTalksNonsense) {
  ASSERT_EQ(::write(m_agent->fd(), "\xff\xff\xff\xff", 4), 4);
  EXPECT_FALSE(m_sandbox->wait_until_ready(10s));
}

TEST_F(SandboxTest, AnAgentThatEndsInsteadOfAnsweringIsNotWaitedFor) {
  play_agent([](MessageSocket& agent, const Json&) { agent.shut_down(); });
  EXPECT_EQ(failure_of([&] { m_sandbox->measure(); }), "unavailable: the sandbox is gone");
}

TEST_F(SandboxTest, ErrorsAreTheAgentsWordsAndUnknownCodesAreInternal) {
  play_agent([](MessageSocket& agent, const Json& request) {
    agent.send({{"id", request.at("id")}, {"error", {{"code", "made up"}, {"message", "words"}}}});
  });
  EXPECT_EQ(failure_of([&] { m_sandbox->measure(); }), "internal: words");
}

TEST_F(SandboxTest, AnswersWithoutWhatTheyShouldHaveAreZero) {
  play_agent([](MessageSocket& agent, const Json& request) {
    agent.send({{"id", 999}});
    agent.send({{"id", request.at("id")}, {"memory_bytes", "x"}, {"disk_used", -1}});
  });
  const Usage usage = m_sandbox->measure();
  EXPECT_EQ(usage.memory_bytes + usage.disk_used + usage.disk_total, 0U);
}

TEST_F(SandboxTest, NoFileIsNotTakenForOne) {
  play_agent([](MessageSocket& agent, const Json& request) { agent.send({{"id", request.at("id")}}); });
  EXPECT_EQ(failure_of([&] { m_sandbox->open_to_read("x"); }), "internal: the sandbox's agent handed over no file");
}

TEST_F(SandboxTest, APipeThatNeverEndsIsNotReadAsAFile) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd read(ends[0]);
  const Fd write(ends[1]);
  hand_over(read);
  EXPECT_EQ(failure_of([&] { m_sandbox->open_to_read("x"); }), "internal: the sandbox's agent handed over no file");
}

TEST_F(SandboxTest, FilesOfTheKernelAreNotReadWithTheRightsOfTheServer) {
  const Fd file(::open("/proc/self/environ", O_RDONLY | O_CLOEXEC));
  hand_over(file);
  EXPECT_EQ(failure_of([&] { m_sandbox->open_to_read("x"); }),
            "permission_denied: files of the kernel are read by a command");
}

TEST_F(SandboxTest, AFileInMemoryThatIsOnNoDiskIsNotWrittenTo) {
  const Fd file = memory_file("endless", "");
  hand_over(file);
  EXPECT_EQ(failure_of([&] { m_sandbox->open_to_write("x"); }),
            "permission_denied: path 'x' is not on the sandbox's disk");
}

TEST_F(SandboxTest, AFileOfTheHostIsNotWrittenTo) {
  const Fd file(::open(SPILLWAY_SOURCE_DIR "/LICENSE", O_RDONLY | O_CLOEXEC));
  hand_over(file);
  EXPECT_EQ(failure_of([&] { m_sandbox->open_to_write("x"); }),
            "permission_denied: path 'x' is not on the sandbox's disk");
}

TEST_F(SandboxTest, ThePidsThatAnAgentMakesUpAreItsOwn) {
  play_agent([](MessageSocket& agent, const Json& request) {
    if (request.at("do") != "start") return agent.send({{"id", request.at("id")}});
    agent.send({{"ended", 5}, {"signal", 9}});
    agent.send({{"id", request.at("id")}, {"pid", 5}});
  });
  const auto [process, output] = m_sandbox->start({{{"true"}, {}, {}, {}, {}}, false});
  EXPECT_EQ(process->pid(), 5);
  // It had ended before its start was heard of; the other ends of its pipes are closed.
  EXPECT_EQ(output->next(std::chrono::steady_clock::now() + 10s)->end.signal, 9);
  EXPECT_TRUE(m_sandbox->running_processes().empty());
  EXPECT_EQ(failure_of([&] { m_sandbox->send_signal(*process, 9); }), "not_found: process with pid 5 not found");
  EXPECT_EQ(failure_of([&] { m_sandbox->find_process(6); }), "not_found: process with pid 6 not found");
}

TEST_F(SandboxTest, CutsReadersOfOutputWhenItEnds) {
  play_agent([](MessageSocket& agent, const Json& request) { agent.send({{"id", request.at("id")}, {"pid", 5}}); });
  const auto output = m_sandbox->start({{{"true"}, {}, {}, {}, {}}, true}).second;
  m_sandbox->end();
  EXPECT_THROW(output->next(std::chrono::steady_clock::now() + 10s), GoneAway);
}

}  // namespace
}  // namespace spillway::sandboxd
