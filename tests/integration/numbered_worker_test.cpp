#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "protocol/file_receiver.hpp"
#include "protocol/file_stream.hpp"
#include "protocol/numbered_lines.hpp"
#include "util/base64.hpp"
#include "util/file.hpp"
#include "worker_session.hpp"

/// `spillway worker --numbered` behind a way that is cut, in both directions, at every byte: the host gets exactly
/// the same messages, and the worker does exactly the same work.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::vector<std::string> k_steps{"extract-films", "compute-stats", "write-stats"};

/// A host that numbers what it sends, and loses some of what comes.
class NumberedHost {
 public:
  explicit NumberedHost(const fs::path& directory) : m_worker(directory, {"--numbered"}) {}

  /// Sends a command as it is; its line is returned.
  std::string send(const Json& command, std::uint64_t ack = 0) {
    std::string line = protocol::numbered(command.dump(), ++m_sent, ack) + "\n";
    m_worker.send_bytes(line);
    return line;
  }
  void send_bytes(std::string_view bytes) { m_worker.send_bytes(bytes); }
  std::string next_line_of(const Json& command) { return protocol::numbered(command.dump(), ++m_sent) + "\n"; }

  /// How many of the bytes that have come are kept; after a loss it resumes.
  std::function<std::size_t(std::size_t)> keep = [](std::size_t count) { return count; };

  /// The next answer, which has to be of this status.
  Json answer(const std::string& status) {
    for (;; pump()) {
      while (m_looked_at < lines.size()) {
        const Json message = Json::parse(lines[m_looked_at++]);
        if (!message.contains("status")) continue;
        EXPECT_EQ(message["status"], status) << message;
        return message;
      }
    }
  }
  Json ask(const Json& command, const std::string& status) {
    send(command);
    return answer(status);
  }

  WorkerProcess& worker() { return m_worker; }
  std::uint64_t last() const { return m_incoming.last(); }

  std::vector<std::string> lines;  ///< that were received, in order

 private:
  void pump() {
    const std::string bytes = m_worker.read_bytes();
    const std::size_t kept = keep(bytes.size());
    m_incoming.append(std::string_view(bytes).substr(0, kept));
    while (auto line = m_incoming.next()) lines.push_back(line->value());
    if (kept == bytes.size()) return;
    m_incoming.cut();
    send({{"cmd", "resume"}, {"after", m_incoming.last()}});
  }

  WorkerProcess m_worker;
  protocol::IncomingLines m_incoming;
  std::uint64_t m_sent = 0;
  std::size_t m_looked_at = 0;
};

class NumberedWorker : public ::testing::Test {
 protected:
  void SetUp() override { m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Clue,1985\n"); }
  WorkerSession session() {
    return {m_project,
            {csv_extractor("extract-films", "films.csv"),
             processor("compute-stats", "SELECT year, count(*) AS films FROM df GROUP BY ALL ORDER BY ALL"),
             csv_writer("write-stats", "out/stats.csv")}};
  }
  void run(NumberedHost& host, const WorkerSession& session) {
    host.ask(session.prepare_command(), "ready");
    for (const std::string& step : k_steps) {
      EXPECT_FALSE(host.ask(session.exec_step(step), "complete").contains("error")) << step;
    }
    EXPECT_EQ(host.ask({{"cmd", "cleanup"}}, "cleaned")["steps_executed"], 3);
    EXPECT_EQ(read_text(m_project / "out/stats.csv"), "year,films\n1979,1\n1985,2\n");
  }
  /// Every line of the run, as the worker has it.
  static std::vector<std::string> replay(NumberedHost& host, std::size_t count) {
    protocol::IncomingLines incoming;
    incoming.cut();
    host.send({{"cmd", "resume"}, {"after", 0}});
    std::vector<std::string> lines;
    while (lines.size() < count) {
      incoming.append(host.worker().read_bytes());
      while (auto line = incoming.next()) lines.push_back(line->value());
    }
    return lines;
  }
  static std::vector<std::string> kinds(const std::vector<std::string>& lines) {
    std::vector<std::string> kinds;
    for (const std::string& line : lines) {
      const Json message = Json::parse(line);
      kinds.push_back(message.value("status", message.value("type", "")) + " " + message.value("name", ""));
    }
    return kinds;
  }

  Project m_project;
};

// The output of a run, cut and resumed: at each byte where a line begins or ends, and at every seventh within it.
TEST_F(NumberedWorker, OutputIsCutAnywhere) {
  constexpr std::size_t k_around = 10;
  constexpr std::size_t k_stride = 7;
  NumberedHost host(m_project.path());
  run(host, session());
  std::string all;
  for (const std::string& line : host.lines) all += line + "\n";
  ASSERT_GT(all.size(), 2000U);
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    const std::size_t first = cut < k_around ? 0 : cut - k_around;
    if (cut % k_stride != 0 && all.substr(first, 2 * k_around).find('\n') == std::string::npos) continue;
    protocol::IncomingLines incoming;
    std::vector<std::string> lines;
    const auto take = [&](std::string_view bytes) {
      incoming.append(bytes);
      while (auto line = incoming.next()) lines.push_back(line->value());
    };
    take(all.substr(0, cut));
    incoming.cut();
    host.send({{"cmd", "resume"}, {"after", incoming.last()}});
    while (lines.size() < host.lines.size()) take(host.worker().read_bytes());
    ASSERT_EQ(lines, host.lines) << "cut at byte " << cut;
  }
}

// The input of a run: of each command each part is sent before the whole, and the whole twice.
TEST_F(NumberedWorker, InputIsCutAtEveryByte) {
  NumberedHost whole(m_project.path());
  const WorkerSession session = this->session();
  run(whole, session);

  NumberedHost host(m_project.path());
  const auto ask = [&](const Json& command, const std::string& status) {
    const std::string line = host.next_line_of(command);
    for (std::size_t cut = 0; cut < line.size() - 1; ++cut) host.send_bytes(line.substr(0, cut) + "\n");
    // Cut before the newline, the command is whole.
    host.send_bytes(line.substr(0, line.size() - 1));
    host.send_bytes("\n" + line);
    return host.answer(status);
  };
  ask(session.prepare_command(), "ready");
  for (const std::string& step : k_steps) {
    EXPECT_FALSE(ask(session.exec_step(step), "complete").contains("error")) << step;
  }
  ask({{"cmd", "cleanup"}}, "cleaned");
  ask({{"cmd", "ping"}, {"data", "end"}}, "pong");
  host.lines.pop_back();
  EXPECT_EQ(kinds(host.lines), kinds(whole.lines));
}

// While steps run: what comes is lost again and again, at random bytes.
TEST_F(NumberedWorker, OutputIsCutWhileStepsRun) {
  const WorkerSession session = this->session();
  NumberedHost whole(m_project.path());
  run(whole, session);
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    NumberedHost host(m_project.path());
    host.keep = [&random](std::size_t count) {
      return random() % 3 == 0 ? count : std::uniform_int_distribution<std::size_t>(0, count)(random);
    };
    run(host, session);
    EXPECT_EQ(kinds(host.lines), kinds(whole.lines));
    EXPECT_EQ(replay(host, host.lines.size()), host.lines);
  }
}

TEST_F(NumberedWorker, WhatWasAcknowledgedIsNotKept) {
  NumberedHost host(m_project.path());
  for (int i = 1; i <= 3; ++i) host.ask({{"cmd", "ping"}}, "pong");
  host.send({{"cmd", "ping"}}, host.last());
  host.answer("pong");
  EXPECT_EQ(host.ask({{"cmd", "resume"}, {"after", 1}}, "error")["error"],
            "cannot resume after line 1: there are the lines from 4 to 4");
}

/// A stream of files in files, in so many parts.
std::vector<Json> write_parts(const Project& project, std::vector<protocol::SentEntry> entries, std::size_t parts) {
  protocol::FileStream stream(std::move(entries));
  const protocol::FilesStart start = stream.start();
  std::string tar;
  std::string hash;
  while (auto piece = stream.next()) {
    if (const auto* data = std::get_if<protocol::FilesData>(&*piece)) tar += data->bytes;
    if (const auto* end = std::get_if<protocol::FilesEnd>(&*piece)) hash = end->sha256;
  }
  std::vector<Json> commands{{{"cmd", "files_start"}, {"entries", start.entries}, {"bytes", start.bytes}}};
  const std::size_t part_bytes = tar.size() / parts + 1;
  for (std::size_t at = 0; at < tar.size(); at += part_bytes) {
    const std::string part = tar.substr(at, part_bytes);
    const std::string name = "parts/" + std::to_string(at);
    project.write(name, part);
    commands.push_back({{"cmd", "files_at"}, {"path", (project / name).string()}, {"bytes", part.size()}});
  }
  commands.push_back({{"cmd", "files_end"}, {"sha256", hash}});
  return commands;
}

class FilesOfAStream : public TarVisitor {
 public:
  void folder(const std::string&) override {}
  void begin_file(const std::string& name, std::uint64_t) override { m_file = &files[name]; }
  void append(std::string_view bytes) override { *m_file += bytes; }
  void end_file() override {}
  std::map<std::string, std::string> files;

 private:
  std::string* m_file = nullptr;
};

TEST_F(NumberedWorker, FilesGoByTheirPlaceInBothDirections) {
  const WorkerSession session = this->session();
  // More than goes in a line.
  std::string films = "id,title,year\n";
  std::string stats = "year,films\n";
  for (int year = 10'000; year < 20'000; ++year) {
    films += fmt::format("{0},title {0},{0}\n", year);
    stats += fmt::format("{},1\n", year);
  }
  m_project.write("films.csv", films);
  ASSERT_GT(stats.size(), protocol::k_max_inline_bytes);
  std::vector<protocol::SentEntry> entries;
  const auto add = [&](const fs::path& path) {
    entries.push_back({path.relative_path().string(), false, path, fs::file_size(path)});
  };
  for (const std::string& step : k_steps) add(session.dir() / ("cfg/" + step + ".json"));
  add(m_project / "films.csv");

  NumberedHost host(m_project.path());
  for (const Json& command : write_parts(m_project, entries, 3)) host.send(command);
  EXPECT_EQ(host.answer("receiving")["protocol"], 2);
  EXPECT_EQ(host.answer("received")["entries"], 4);
  EXPECT_TRUE(fs::is_empty(m_project / "parts")) << "the worker takes them away";
  host.ask(session.prepare_command(), "ready");
  for (const std::string& step : k_steps) host.ask(session.exec_step(step), "complete");
  EXPECT_FALSE(fs::exists(m_project / "out")) << "it works on files of its own";

  fs::path told;
  FilesOfAStream received;
  std::optional<protocol::FileReceiver> receiver;
  for (const std::string& line : host.lines) {
    const Json message = Json::parse(line);
    const std::string type = message.value("type", "");
    if (type == "files_start" && message["step_id"] == "write-stats") {
      receiver.emplace(protocol::FilesStart{"write-stats", message["entries"], message["bytes"], Json::object()},
                       received);
    } else if (type == "files_at" && receiver) {
      told = message["path"].get<std::string>();
      const std::string bytes = read_text(told);
      EXPECT_EQ(message["bytes"], bytes.size());
      receiver->append(bytes);
    } else if (type == "files_end" && receiver) {
      receiver->finish({message["sha256"].get<std::string>()});
    }
  }
  EXPECT_EQ(received.files[(m_project / "out/stats.csv").relative_path().string()], stats);
  EXPECT_TRUE(fs::exists(told)) << "until the host says that it has it";
  host.send({{"cmd", "ping"}}, host.last());
  host.answer("pong");
  EXPECT_FALSE(fs::exists(told));
  host.worker().close_input();
  EXPECT_EQ(host.worker().wait(), 0);
  EXPECT_FALSE(fs::exists(told.parent_path()));
}

TEST_F(NumberedWorker, SmallFilesGoInALineInBothDirections) {
  const WorkerSession session = this->session();
  std::vector<protocol::SentEntry> entries;
  for (const std::string& step : k_steps) {
    const fs::path path = session.dir() / ("cfg/" + step + ".json");
    entries.push_back({path.relative_path().string(), false, path, fs::file_size(path)});
  }
  const fs::path films = m_project / "films.csv";
  entries.push_back({films.relative_path().string(), false, films, fs::file_size(films)});
  NumberedHost host(m_project.path());
  for (Json command : write_parts(m_project, entries, 1)) {
    if (command["cmd"] == "files_at") {
      command = {{"cmd", "files_inline"}, {"base64", to_base64(read_text(command["path"].get<std::string>()))}};
    }
    host.send(command);
  }
  host.answer("receiving");
  host.answer("received");
  host.ask(session.prepare_command(), "ready");
  for (const std::string& step : k_steps) host.ask(session.exec_step(step), "complete");
  const auto is_piece = [](const std::string& line) { return Json::parse(line).value("type", "") == "files_inline"; };
  const auto piece = std::find_if(host.lines.rbegin(), host.lines.rend(), is_piece);
  ASSERT_NE(piece, host.lines.rend());
  const std::string tar = from_base64(Json::parse(*piece)["base64"].get<std::string>()).value();
  EXPECT_THAT(tar, HasSubstr("year,films\n1979,1\n1985,2\n"));
}

TEST_F(NumberedWorker, AFileThatIsNotWhatWasAnnounced) {
  m_project.write("part", "abc");
  const std::string path = (m_project / "part").string();
  NumberedHost host(m_project.path());
  const auto refused = [&](const Json& at) {
    host.ask({{"cmd", "files_start"}, {"entries", 1}, {"bytes", 1}}, "receiving");
    std::string error = host.ask(at, "error")["error"];
    EXPECT_EQ(host.ask({{"cmd", "files_end"}, {"sha256", ""}}, "error")["error"],
              "there is no stream of files to end");
    return error;
  };
  EXPECT_EQ(refused({{"cmd", "files_at"}, {"path", path}, {"bytes", 4}}),
            "'" + path + "' does not have the 4 bytes that were announced");
  m_project.write("part", "abc");
  EXPECT_EQ(refused({{"cmd", "files_at"}, {"path", path}, {"bytes", 2}}),
            "'" + path + "' does not have the 2 bytes that were announced");
  EXPECT_EQ(refused({{"cmd", "files_at"}, {"path", path}, {"bytes", 3}}),
            "cannot read '" + path + "': No such file or directory");
}

}  // namespace
}  // namespace spillway::testing
