#include "sandboxd/running_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "sandboxd/rpc_error.hpp"

namespace spillway::sandboxd {
namespace {

using namespace std::chrono_literals;
using Kind = ProcessOutput::Kind;

auto soon() { return std::chrono::steady_clock::now() + 10s; }
auto at_once() { return std::chrono::steady_clock::now() + 20ms; }

/// The pipes of a process that the test plays.
class RunningProcessTest : public ::testing::Test {
 protected:
  RunningProcessTest() {
    std::array<Fd, 3> here;
    for (std::size_t i = 0; i < here.size(); ++i) {
      std::array<int, 2> ends{};
      if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::bad_alloc();
      here[i] = Fd(ends[i == 0 ? 1 : 0]);
      m_ends[i] = Fd(ends[i == 0 ? 0 : 1]);
    }
    m_process =
        std::make_unique<RunningProcess>(ProcessConfig{}, std::move(here[0]), std::move(here[1]), std::move(here[2]));
    m_output = m_process->subscribe();
    m_process->begin(7);
  }
  void write(int stream, const std::string& text) {
    ASSERT_EQ(::write(m_ends[stream].get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_output() {
    m_ends[1].reset();
    m_ends[2].reset();
  }

  std::array<Fd, 3> m_ends;
  std::unique_ptr<RunningProcess> m_process;
  std::shared_ptr<OutputQueue> m_output;
};

TEST_F(RunningProcessTest, GivesItsOutputAndThenItsEnd) {
  write(1, "out");
  EXPECT_EQ(m_output->next(soon())->bytes, "out");
  write(2, "err");
  const std::optional<ProcessOutput> err = m_output->next(soon());
  EXPECT_EQ(err->kind, Kind::err);
  m_process->note_end({3, 0});
  EXPECT_FALSE(m_output->next(at_once())) << "its child may still write";
  close_output();
  const std::optional<ProcessOutput> end = m_output->next(soon());
  EXPECT_EQ(end->kind, Kind::end);
  EXPECT_EQ(end->end.exit_code, 3);
}

TEST_F(RunningProcessTest, DoesNotWaitForTheChildrenOfOneThatWasKilled) {
  write(1, "tail");
  m_process->expect_end();
  m_process->note_end({0, 9});
  EXPECT_EQ(m_output->next(soon())->bytes, "tail");
  EXPECT_EQ(m_output->next(soon())->end.signal, 9);
}

TEST_F(RunningProcessTest, TellsItsEndToWhoeverComesLater) {
  m_process->note_end({4, 0});
  close_output();
  EXPECT_EQ(m_output->next(soon())->end.exit_code, 4);
  EXPECT_EQ(m_process->subscribe()->next(soon())->end.exit_code, 4);
  EXPECT_FALSE(m_process->is_forgotten());
}

TEST_F(RunningProcessTest, WaitsForASlowReaderAndDropsWhatNobodyReads) {
  // More than the reader's queue and the pipe hold.
  const std::string chunk(32'768, 'x');
  auto writer = std::async(std::launch::async, [&] {
    for (int i = 0; i < 200; ++i) write(1, chunk);
  });
  EXPECT_EQ(writer.wait_for(200ms), std::future_status::timeout);
  m_process->unsubscribe(m_output);
  EXPECT_EQ(writer.wait_for(10s), std::future_status::ready);
}

TEST_F(RunningProcessTest, WritesAllOfTheInput) {
  const std::string input(300'000, 'i');
  auto writer = std::async(std::launch::async, [&] { m_process->write_input(input); });
  std::string read;
  std::array<char, 4096> buffer{};
  while (read.size() < input.size()) {
    const ssize_t count = ::read(m_ends[0].get(), buffer.data(), buffer.size());
    ASSERT_GT(count, 0);
    read.append(buffer.data(), static_cast<std::size_t>(count));
  }
  EXPECT_EQ(read, input);
  writer.get();
  m_process->close_input();
  m_process->close_input();
  EXPECT_EQ(::read(m_ends[0].get(), buffer.data(), buffer.size()), 0);
  EXPECT_THROW(m_process->write_input("x"), RpcError);
}

TEST_F(RunningProcessTest, GivesUpWritingWhenItEnds) {
  auto writer = std::async(std::launch::async, [&] { m_process->write_input(std::string(300'000, 'i')); });
  EXPECT_EQ(writer.wait_for(50ms), std::future_status::timeout);
  m_process->note_end({0, 0});
  EXPECT_THROW(writer.get(), RpcError);
  try {
    m_process->write_input("x");
    FAIL() << "it is gone";
  } catch (const RpcError& error) {
    EXPECT_STREQ(error.what(), "process with pid 7 not found");
  }
}

TEST_F(RunningProcessTest, CutsItsReadersWhenTheSandboxIsGone) {
  auto reader = std::async(std::launch::async, [&] { m_output->next(soon()); });
  m_process->abandon();
  EXPECT_THROW(reader.get(), GoneAway);
}

}  // namespace
}  // namespace spillway::sandboxd
