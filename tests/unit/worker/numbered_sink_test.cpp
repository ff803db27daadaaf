#include "worker/numbered_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "protocol/line_reader.hpp"
#include "util/base64.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"

namespace spillway::worker {
namespace {

namespace fs = std::filesystem;
using protocol::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NumberedSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    m_read = Fd(ends[0]);
    m_write = Fd(ends[1]);
    // A line with files in it is longer than what a pipe holds otherwise.
    ASSERT_GE(::fcntl(m_write.get(), F_SETPIPE_SZ, 1 << 20), 0);
    m_sink.emplace(m_write.get());
    m_reader.emplace(m_read.get());
  }
  void say(const std::string& name) { m_sink->event(name, Json::object()); }
  Json read() { return Json::parse(m_reader->next()->value()); }
  std::vector<std::string> names(std::size_t count) {
    std::vector<std::string> names;
    while (names.size() < count) {
      const Json message = read();
      names.push_back(std::to_string(message["seq"].get<int>()) + " " + message.value("name", ""));
    }
    return names;
  }

  Fd m_read;
  Fd m_write;
  std::optional<NumberedSink> m_sink;
  std::optional<protocol::LineReader> m_reader;
};

TEST_F(NumberedSinkTest, ResumesAfterTheLineThatIsNamed) {
  for (const char* name : {"a", "b", "c"}) say(name);
  EXPECT_THAT(names(3), ElementsAre("1 a", "2 b", "3 c"));
  m_sink->resume(1);
  say("d");
  EXPECT_THAT(names(3), ElementsAre("2 b", "3 c", "4 d"));
  m_sink->resume(4);
  say("e");
  EXPECT_THAT(names(1), ElementsAre("5 e"));
}

TEST_F(NumberedSinkTest, WhatWasAcknowledgedIsGone) {
  for (const char* name : {"a", "b", "c"}) say(name);
  names(3);
  m_sink->acknowledge(2);
  m_sink->resume(2);
  EXPECT_THAT(names(1), ElementsAre("3 c"));
  for (const std::uint64_t after : {1U, 4U}) {
    try {
      m_sink->resume(after);
      FAIL() << "it resumed";
    } catch (const Exception& exception) {
      EXPECT_EQ(exception.error().message,
                "cannot resume after line " + std::to_string(after) + ": there are the lines from 3 to 3");
    }
  }
}

TEST_F(NumberedSinkTest, WaitsForAcknowledgementsBeyondTheBound) {
  constexpr std::uint64_t k_lines = 40;
  const std::string megabyte(1'000'000, 'x');
  std::atomic<std::uint64_t> taken = 0;
  std::thread host([&] {
    for (std::uint64_t i = 0; i < k_lines; ++i) {
      m_reader->next();
      ++taken;
    }
  });
  std::thread worker([&] {
    for (std::uint64_t i = 0; i < k_lines; ++i) m_sink->event("line", {{"text", megabyte}});
  });
  while (taken < 17) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  // Were it not for the bound the 18th would be here by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(taken, 17U);
  while (taken < k_lines) {
    m_sink->acknowledge(taken);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  worker.join();
  host.join();
}

TEST_F(NumberedSinkTest, WaitsForNobodyWhileACommandIsHandled) {
  const NumberedSink::Handling handling(*m_sink);
  const std::string megabyte(1'000'000, 'x');
  std::thread host([&] {
    for (int i = 0; i < 30; ++i) m_reader->next();
  });
  for (int i = 0; i < 30; ++i) m_sink->event("line", {{"text", megabyte}});
  host.join();
}

TEST_F(NumberedSinkTest, FilesGoByTheirPlace) {
  const std::string start = "abc";
  const std::string rest(protocol::k_max_inline_bytes - 2, 'x');
  m_sink->emit(protocol::FilesStart{"step", 1, 6, Json::object()});
  m_sink->emit(protocol::FilesData{0, start});
  m_sink->emit(protocol::FilesData{0, rest});
  m_sink->emit(protocol::FilesData{0, "yz"});
  m_sink->emit(protocol::FilesEnd{"hash"});
  EXPECT_EQ(read()["type"], "files_start");
  Json at = read();
  EXPECT_EQ(at["type"], "files_at");
  EXPECT_EQ(at["bytes"], start.size() + rest.size() + 2);
  EXPECT_EQ(read()["sha256"], "hash");
  const fs::path path = at["path"].get<std::string>();
  EXPECT_EQ(read_file(path).value(), start + rest + "yz");
  m_sink->acknowledge(1);
  EXPECT_TRUE(fs::exists(path));
  m_sink->acknowledge(2);
  EXPECT_FALSE(fs::exists(path));
  const fs::path folder = path.parent_path();
  m_sink.reset();
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(NumberedSinkTest, ASmallStreamOfFilesGoesInALine) {
  const std::string bytes(protocol::k_max_inline_bytes - 2, 'x');
  m_sink->emit(protocol::FilesStart{"step", 1, 6, Json::object()});
  m_sink->emit(protocol::FilesData{0, "ab"});
  m_sink->emit(protocol::FilesData{0, bytes});
  m_sink->emit(protocol::FilesEnd{"hash"});
  EXPECT_EQ(read()["type"], "files_start");
  const Json piece = read();
  EXPECT_EQ(piece["type"], "files_inline");
  EXPECT_EQ(piece["base64"], to_base64("ab" + bytes));
  EXPECT_EQ(read()["sha256"], "hash");
}

TEST_F(NumberedSinkTest, FilesThatAreToBeForgottenAreNotTold) {
  const std::string forgotten(protocol::k_max_inline_bytes + 1, 'a');
  const std::string told(protocol::k_max_inline_bytes + 1, 'b');
  m_sink->emit(protocol::FilesStart{"step", 1, 6, Json::object()});
  m_sink->emit(protocol::FilesData{0, forgotten});
  m_sink->emit(protocol::FilesEnd{});
  m_sink->emit(protocol::FilesStart{"step", 1, 3, Json::object()});
  m_sink->emit(protocol::FilesData{0, told});
  m_sink->emit(protocol::FilesEnd{"hash"});
  EXPECT_EQ(read()["seq"], 1);
  EXPECT_EQ(read()["sha256"], "");
  EXPECT_EQ(read()["type"], "files_start");
  Json at = read();
  const fs::path path = at["path"].get<std::string>();
  EXPECT_EQ(read_file(path).value(), told);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path.parent_path())) files.push_back(entry.path());
  EXPECT_THAT(files, ElementsAre(path));
}

TEST_F(NumberedSinkTest, FilesThatWouldGoInALineAreForgottenToo) {
  m_sink->emit(protocol::FilesStart{"step", 1, 6, Json::object()});
  m_sink->emit(protocol::FilesData{0, "abc"});
  m_sink->emit(protocol::FilesEnd{});
  m_sink->emit(protocol::FilesStart{"step", 1, 3, Json::object()});
  m_sink->emit(protocol::FilesData{0, "xyz"});
  m_sink->emit(protocol::FilesEnd{"hash"});
  EXPECT_EQ(read()["seq"], 1);
  EXPECT_EQ(read()["sha256"], "");
  EXPECT_EQ(read()["type"], "files_start");
  EXPECT_EQ(read()["base64"], to_base64("xyz"));
}

}  // namespace
}  // namespace spillway::worker
