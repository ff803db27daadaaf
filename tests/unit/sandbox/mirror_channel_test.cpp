#include "sandbox/mirror_channel.hpp"

#include <sys/stat.h>

#include <deque>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/file_receiver.hpp"
#include "protocol/file_stream.hpp"
#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"
#include "util/version.hpp"

/// The host's side of the exchange of files, against a worker that is all here.
namespace spillway::sandbox {
namespace {

namespace fs = std::filesystem;
using protocol::Json;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t k_largest_file = 1'000'000;

/// What a worker would say is put in; what it would hear is kept.
struct Remote {
  std::deque<protocol::Message> to_host;
  std::vector<protocol::Command> to_worker;
  std::function<std::optional<protocol::Command>()> next;
};

class FakeChannel : public StreamChannel {
 public:
  explicit FakeChannel(Remote& remote) : m_remote(remote) {}
  void send(const protocol::Command& command) override { m_remote.to_worker.push_back(command); }
  std::optional<protocol::Message> receive(std::chrono::milliseconds) override {
    if (m_remote.to_host.empty()) return std::nullopt;
    protocol::Message message = std::move(m_remote.to_host.front());
    m_remote.to_host.pop_front();
    return message;
  }
  void send_each(std::function<std::optional<protocol::Command>()> next) override { m_remote.next = std::move(next); }

 private:
  Remote& m_remote;
};

class MirrorChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write("films.csv", "id\n1\n");
    write("logs/run_1/cfg/read.json", R"({"path": "films.csv"})");
    write("logs/run_1/cfg/write.json", R"({"path": "out/films.csv"})");
    m_place = {"run_1", m_folder / "logs/run_1", m_folder.path(), Json::parse(R"({"steps": [
        {"id": "read", "driver": "filesystem.csv_extractor", "cfg_path": "cfg/read.json"},
        {"id": "write", "driver": "filesystem.csv_writer", "cfg_path": "cfg/write.json"}]})")};
  }
  void write(const std::string& name, const std::string& text) {
    fs::create_directories((m_folder / name).parent_path());
    std::ofstream(m_folder / name) << text;
  }
  std::string text(const std::string& name) { return testing::read_text(m_folder / name); }
  std::string name(const std::string& path) { return (m_folder / path).relative_path().string(); }

  void open(MirrorOptions options = {}) {
    options.max_file_bytes = k_largest_file;
    m_channel = open_mirror_channel(std::make_unique<FakeChannel>(m_remote), m_place, options);
  }
  /// Opened, with the files at the worker, and a step started.
  void run(const std::string& step_id) {
    open();
    m_remote.to_host.push_back(
        protocol::Response{"receiving", {{"protocol", protocol::k_version}, {"version", k_program_version}}});
    m_channel->receive(0ms);
    m_remote.to_host.push_back(protocol::Response{"received", Json::object()});
    m_channel->receive(0ms);
    m_channel->send(protocol::ExecStepCommand{step_id, "driver", "cfg", {}});
  }
  void complete(const std::string& step_id) {
    m_remote.to_host.push_back(protocol::Response{"complete", {{"step_id", step_id}}});
  }
  /// The worker sends files: name and content each.
  void send_files(const std::string& step_id, const std::vector<std::pair<std::string, std::string>>& files) {
    std::vector<protocol::SentEntry> entries;
    int number = 0;
    for (const auto& [file_name, content] : files) {
      const std::string source = "remote/" + std::to_string(++number);
      write(source, content);
      entries.push_back({file_name, false, m_folder / source, content.size()});
    }
    protocol::FileStream stream(entries);
    protocol::FilesStart start = stream.start();
    start.step_id = step_id;
    m_remote.to_host.emplace_back(start);
    while (auto piece = stream.next()) {
      std::visit([&](auto& part) { m_remote.to_host.emplace_back(std::move(part)); }, *piece);
    }
  }
  /// Everything that comes through, until nothing is left.
  std::vector<protocol::Message> receive_all() {
    std::vector<protocol::Message> messages;
    for (;;) {
      const bool is_last = m_remote.to_host.empty();
      if (auto message = m_channel->receive(0ms)) {
        messages.push_back(std::move(*message));
      } else if (is_last) {
        return messages;
      }
    }
  }
  Error loss() {
    try {
      receive_all();
    } catch (const Exception& exception) {
      return exception.error();
    }
    return make_error(ErrorCode::internal, "nothing was refused");
  }
  std::vector<std::string> left_over() {
    std::vector<std::string> names;
    for (const char* folder : {"out", "logs/run_1/artifacts"}) {
      std::error_code ignored;
      for (const auto& entry : fs::recursive_directory_iterator(m_folder / folder, ignored)) {
        if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), m_folder.path()).string());
      }
    }
    return names;
  }

  testing::TempDir m_folder;
  RunPlace m_place;
  Remote m_remote;
  std::unique_ptr<Channel> m_channel;
};

class SentFiles : public TarVisitor {
 public:
  void folder(const std::string& name) override { names.push_back(name + "/"); }
  void begin_file(const std::string& name, std::uint64_t) override { names.push_back(name); }
  void append(std::string_view) override {}
  void end_file() override {}
  std::vector<std::string> names;
};

TEST_F(MirrorChannelTest, SendsWhatTheStepsNameAndHoldsBackTheRest) {
  open();
  m_channel->send(protocol::PrepareCommand{"run_1", {}, {}, {}});
  ASSERT_EQ(m_remote.to_worker.size(), 1U);
  const auto start = std::get<protocol::FilesStart>(m_remote.to_worker[0]);
  m_remote.to_host.push_back(
      protocol::Response{"receiving", {{"protocol", protocol::k_version}, {"version", k_program_version}}});
  EXPECT_THAT(receive_all(), IsEmpty());
  std::vector<protocol::Command> stream;
  while (auto command = m_remote.next()) stream.push_back(std::move(*command));
  SentFiles sent;
  protocol::FileReceiver receiver(start, sent);
  for (const protocol::Command& command : stream) {
    if (const auto* data = std::get_if<protocol::FilesData>(&command)) receiver.append(data->bytes);
  }
  receiver.finish(std::get<protocol::FilesEnd>(stream.back()));
  EXPECT_THAT(sent.names,
              ElementsAre(m_folder.path().relative_path().string() + "/", name("logs/run_1/cfg/read.json"),
                          name("logs/run_1/cfg/write.json"), name("films.csv")));
  EXPECT_EQ(m_remote.to_worker.size(), 1U) << "prepare waits";
  m_remote.to_host.push_back(protocol::Response{"received", Json::object()});
  EXPECT_THAT(receive_all(), IsEmpty());
  ASSERT_EQ(m_remote.to_worker.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<protocol::PrepareCommand>(m_remote.to_worker[1]));
}

TEST_F(MirrorChannelTest, AWorkerOfAnotherVersionIsSentNothing) {
  open();
  m_remote.to_host.push_back(protocol::Response{"receiving", {{"protocol", 1}, {"version", "0.0.1"}}});
  EXPECT_THAT(loss().message, HasSubstr("the worker speaks protocol 1 of version \"0.0.1\""));
  EXPECT_FALSE(m_remote.next);
}

TEST_F(MirrorChannelTest, AheadOfItsAnswersItSendsAllAtOnce) {
  open({.max_artifact_bytes = 5, .wants_frames = false, .is_ahead = true});
  m_channel->send(protocol::PrepareCommand{"run_1", {}, {}, {}});
  const auto start = std::get<protocol::FilesStart>(m_remote.to_worker[0]);
  EXPECT_FALSE(start.wants_frames);
  EXPECT_EQ(start.most_artifact_bytes, 5U);
  ASSERT_TRUE(m_remote.next);
  EXPECT_EQ(m_remote.to_worker.size(), 1U) << "prepare comes after the files";
  while (m_remote.next()) {
  }
  ASSERT_EQ(m_remote.to_worker.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<protocol::PrepareCommand>(m_remote.to_worker[1]));
  m_channel->send(protocol::ExecStepCommand{"read", "driver", "cfg", {}});
  EXPECT_EQ(m_remote.to_worker.size(), 3U);
  m_remote.to_host.push_back(
      protocol::Response{"receiving", {{"protocol", protocol::k_version}, {"version", k_program_version}}});
  m_remote.to_host.push_back(protocol::Response{"received", Json::object()});
  EXPECT_THAT(receive_all(), IsEmpty());
}

TEST_F(MirrorChannelTest, AheadOfItsAnswersAnotherVersionIsRefusedToo) {
  open({.is_ahead = true});
  m_remote.to_host.push_back(protocol::Response{"receiving", {{"protocol", 1}, {"version", "0.0.1"}}});
  EXPECT_THAT(loss().message, HasSubstr("the worker speaks protocol 1 of version \"0.0.1\""));
}

TEST_F(MirrorChannelTest, WhatIsInTheWayOfAnOutputIsTold) {
  fs::create_directories(m_folder / "out/films.csv");
  open();
  EXPECT_EQ(std::get<protocol::FilesStart>(m_remote.to_worker[0]).entries, 5U);
}

TEST_F(MirrorChannelTest, AnInputThatIsNoRegularFileIsToldAsTheStepWouldTell) {
  fs::remove(m_folder / "films.csv");
  ASSERT_EQ(::mkfifo((m_folder / "films.csv").c_str(), 0600), 0);
  open();
  const Json unreadable = std::get<protocol::FilesStart>(m_remote.to_worker[0]).unreadable;
  EXPECT_EQ(unreadable["read"]["error"], "cannot read 'films.csv': it is no regular file");
}

TEST_F(MirrorChannelTest, AnOutputTakesItsPlaceWhenItsStepIsComplete) {
  write("out/films.csv", "old");
  run("write");
  send_files("write",
             {{name("out/films.csv"), "new"}, {name("logs/run_1/artifacts/write/cleaned_config.json"), "{}"}});
  EXPECT_THAT(receive_all(), IsEmpty());
  EXPECT_EQ(text("out/films.csv"), "old");
  EXPECT_EQ(text("logs/run_1/artifacts/write/cleaned_config.json"), "{}") << "artifacts do not wait";
  complete("write");
  EXPECT_EQ(receive_all().size(), 1U);
  EXPECT_EQ(text("out/films.csv"), "new");
  EXPECT_THAT(left_over(), ElementsAre("out/films.csv", "logs/run_1/artifacts/write/cleaned_config.json"));
}

TEST_F(MirrorChannelTest, OfAStepThatFailedNoOutputIsLeft) {
  run("write");
  send_files("write", {{name("out/films.csv"), "new"}});
  m_remote.to_host.push_back(protocol::Response{"complete", {{"step_id", "write"}, {"error", "no"}}});
  EXPECT_EQ(receive_all().size(), 1U);
  EXPECT_FALSE(fs::exists(m_folder / "out"));
}

TEST_F(MirrorChannelTest, WhereItIsCutTheTargetIsTheOldOne) {
  write("out/films.csv", "old");
  run("write");
  send_files("write", {{name("out/films.csv"), std::string(500'000, 'x')}});
  while (m_remote.to_host.size() > 2) m_remote.to_host.pop_back();
  receive_all();
  m_channel.reset();
  EXPECT_EQ(text("out/films.csv"), "old");
  EXPECT_THAT(left_over(), ElementsAre("out/films.csv"));
}

TEST_F(MirrorChannelTest, AnotherHashEndsTheConversation) {
  write("out/films.csv", "old");
  run("write");
  send_files("write", {{name("out/films.csv"), "new"}});
  m_remote.to_host.back() = protocol::FilesEnd{std::string(64, '0')};
  complete("write");
  const Error error = loss();
  EXPECT_EQ(error.code, ErrorCode::sandbox);
  EXPECT_THAT(error.message, HasSubstr("the worker broke the protocol: refused the files that came: their SHA-256"));
  m_channel.reset();
  EXPECT_EQ(text("out/films.csv"), "old");
  EXPECT_THAT(left_over(), ElementsAre("out/films.csv"));
}

TEST_F(MirrorChannelTest, WhatIsToBeForgottenLeavesNothing) {
  run("write");
  send_files("write", {{name("out/films.csv"), "new"}});
  m_remote.to_host.back() = protocol::FilesEnd{};
  EXPECT_THAT(receive_all(), IsEmpty());
  EXPECT_THAT(left_over(), IsEmpty());
}

TEST_F(MirrorChannelTest, OnlyTheStepsOwnFilesAreTaken) {
  for (const char* other : {"films.csv", "logs/run_1/status.json", "logs/run_1/artifacts/_system/run_card.json",
                            "logs/run_1/artifacts/read/output.parquet", "logs/run_1/artifacts/write/.hidden",
                            "logs/run_1/artifacts/write/a/b", "out/other.csv"}) {
    run("write");
    send_files("write", {{name(other), "harm"}});
    EXPECT_THAT(loss().message, HasSubstr("is neither an output nor an artifact of the step")) << other;
    m_remote = {};
  }
  EXPECT_EQ(text("films.csv"), "id\n1\n");
  EXPECT_THAT(left_over(), IsEmpty());
}

TEST_F(MirrorChannelTest, FilesOfAStepThatDoesNotRunAreRefused) {
  run("read");
  send_files("write", {{name("out/films.csv"), "harm"}});
  EXPECT_THAT(loss().message, HasSubstr("files came of step 'write', which does not run"));
}

TEST_F(MirrorChannelTest, ACompleteThatNobodyWaitsForPublishesNothing) {
  run("write");
  complete("write");
  receive_all();
  m_remote.to_host.clear();
  complete("write");
  EXPECT_EQ(receive_all().size(), 1U) << "the run notes it";
}

TEST_F(MirrorChannelTest, AnOutputThatDidNotComeFailsTheStep) {
  run("write");
  complete("write");
  const std::vector<protocol::Message> messages = receive_all();
  ASSERT_EQ(messages.size(), 2U);
  const auto& event = std::get<protocol::Event>(messages[0]);
  EXPECT_EQ(event.name, "step_failed");
  EXPECT_EQ(event.data["driver"], "filesystem.csv_writer");
  EXPECT_EQ(std::get<protocol::Response>(messages[1]).body["error"],
            "the worker says that it wrote 'out/films.csv', but did not send it");
}

TEST_F(MirrorChannelTest, WhatCannotBeWrittenHereFailsTheStep) {
  write("out", "a file where the folder should be");
  run("write");
  send_files("write", {{name("out/films.csv"), std::string(500'000, 'x')}});
  complete("write");
  const std::vector<protocol::Message> messages = receive_all();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_THAT(std::get<protocol::Response>(messages[1]).body["error"], HasSubstr("Not a directory"));
}

TEST_F(MirrorChannelTest, AFileThatIsTooLargeFailsTheStep) {
  run("write");
  send_files("write", {{name("out/films.csv"), std::string(k_largest_file + 1, 'x')}});
  complete("write");
  const std::vector<protocol::Message> messages = receive_all();
  ASSERT_EQ(messages.size(), 2U);
  const Json& body = std::get<protocol::Response>(messages[1]).body;
  EXPECT_EQ(body["error"], "cannot write 'out/films.csv': it has 977 KB, and 977 KB are allowed");
  EXPECT_EQ(body["hint"], "raise --sandbox-file-size");
  EXPECT_FALSE(fs::exists(m_folder / "out"));
}

TEST_F(MirrorChannelTest, WhatComesAtTheEndGoesToItsStep) {
  run("read");
  complete("read");
  send_files("", {{name("logs/run_1/artifacts/read/output.parquet"), "spilled later"}});
  receive_all();
  EXPECT_EQ(text("logs/run_1/artifacts/read/output.parquet"), "spilled later");
}

}  // namespace
}  // namespace spillway::sandbox
