#include "protocol/codec.hpp"

#include <random>
#include <string>

#include "util/base64.hpp"
#include "util/version.hpp"

namespace spillway::protocol {
namespace {

/// Decoding what was encoded and encoding it again changes nothing.
void expect_round_trip(const Command& command) {
  const std::string line = encode(command);
  const Result<Command> decoded = decode_command(line);
  ASSERT_TRUE(decoded) << line;
  EXPECT_EQ(encode(*decoded), line);
}

void expect_round_trip(const Message& message) {
  const std::string line = encode(message);
  const Result<Message> decoded = decode_message(line);
  ASSERT_TRUE(decoded) << line;
  EXPECT_EQ(encode(*decoded), line);
}

TEST(Codec, CommandsGoThroughUnchanged) {
  expect_round_trip(PingCommand{"hello"});
  expect_round_trip(PrepareCommand{"run_1", {{"steps", Json::array()}}, Json::object(), {{"threads", 2}}});
  expect_round_trip(ExecStepCommand{"s", "duckdb.processor", "cfg/s.json", {{"df", {"a", "df"}}}});
  expect_round_trip(ExecStepCommand{"s", "duckdb.processor", "cfg/s.json", {}, std::vector<std::string>{"a", "b"}});
  expect_round_trip(ExecStepCommand{"s", "duckdb.processor", "cfg/s.json", {}, std::vector<std::string>{}});
  expect_round_trip(CancelCommand{"s"});
  expect_round_trip(CancelCommand{});
  expect_round_trip(CleanupCommand{});
  expect_round_trip(Command(FilesStart{"s", 2, 300, {{"read", {{"error", "no"}}}}}));
  expect_round_trip(Command(FilesStart{"s", 2, 300, Json::object(), false, 1000}));
  expect_round_trip(Command(FilesData{7, {}}));
  expect_round_trip(Command(FilesAt{"/tmp/part-0", 7}));
  expect_round_trip(Command(FilesEnd{"abc"}));
  expect_round_trip(Command(ResumeCommand{7}));
}

TEST(Codec, MessagesGoThroughUnchanged) {
  expect_round_trip(Response{"complete", {{"step_id", "s"}, {"rows_processed", 14}}});
  expect_round_trip(Event{"rows_out", "2026-11-23T23:05:11.123456Z", {{"step_id", "s"}, {"value", 14}}});
  expect_round_trip(Metric{"rows_out", 14, "2026-11-23T23:05:11.123456Z", {{"unit", "rows"}}});
  expect_round_trip(ErrorMessage{"odd"});
  expect_round_trip(Message(FilesStart{"s", 2, 300, Json::object()}));
  expect_round_trip(Message(FilesData{7, {}}));
  expect_round_trip(Message(FilesAt{"/tmp/part-0", 7}));
  expect_round_trip(Message(FilesInline{std::string("\0\xff\n", 3)}));
  expect_round_trip(Message(FilesEnd{"abc"}));
}

TEST(Codec, GuideManifestStructureTheInputsMappingOfExecStep) {
  const ExecStepCommand command{
      "compute-stats", "duckdb.processor", "cfg/compute-stats.json", {{"df", {"extract-movies", "df"}}}};
  const Json json = Json::parse(encode(Command(command)));
  EXPECT_EQ(json["cmd"], "exec_step");
  EXPECT_EQ(json["step_id"], "compute-stats");
  EXPECT_EQ(json["inputs"], Json::parse(R"({"df": {"from_step": "extract-movies", "key": "df"}})"));
}

TEST(Codec, FilesAreAtAnAbsolutePath) {
  for (const char* path : {R"("relative")", R"("")", R"("/a\u0000b")", "7"}) {
    const auto decoded = decode_command(std::string(R"({"cmd": "files_at", "bytes": 1, "path": )") + path + "}");
    ASSERT_FALSE(decoded) << path;
    EXPECT_EQ(decoded.error().message, "files_at needs the string 'path', an absolute path");
  }
}

TEST(Codec, FilesInALineAreBase64AndSmall) {
  const auto error = [](const std::string& text) {
    const auto decoded = decode_command(R"({"cmd": "files_inline", "base64": )" + text + "}");
    return decoded ? "accepted" : decoded.error().message;
  };
  const auto of_bytes = [](std::size_t count) { return '"' + to_base64(std::string(count, 'x')) + '"'; };
  EXPECT_EQ(error(of_bytes(k_max_inline_bytes)), "accepted");
  for (const std::string& text :
       {std::string(R"("")"), std::string(R"("*")"), std::string("7"), of_bytes(k_max_inline_bytes + 1)}) {
    EXPECT_EQ(error(text), "files_inline needs the string 'base64', the base64 of 1 to 65536 bytes") << text;
  }
}

TEST(Codec, UnknownFieldsAreIgnored) {
  EXPECT_TRUE(decode_command(R"({"cmd": "cleanup", "colour": "blue"})"));
  EXPECT_TRUE(decode_command(R"({"cmd": "exec_step", "step_id": "s", "driver": "d", "cfg_path": "c", "x": [1]})"));
}

std::string command_error(const std::string& line) {
  const Result<Command> result = decode_command(line);
  return result ? "accepted" : result.error().message;
}

TEST(Codec, WhatIsNoCommandIsSaidSo) {
  EXPECT_EQ(command_error("nonsense"), "line is no JSON object: nonsense");
  EXPECT_EQ(command_error("[1]"), "line is no JSON object: [1]");
  EXPECT_EQ(command_error("{}"), "command without the string 'cmd'");
  EXPECT_EQ(command_error(R"({"cmd": 1})"), "command without the string 'cmd'");
  EXPECT_EQ(command_error(R"({"cmd": "run"})"),
            "unknown command 'run'; known are ping, prepare, exec_step, cancel, cleanup, resume, files_start, "
            "files_data, files_at, files_inline, files_end");
  EXPECT_EQ(command_error(R"({"cmd": "prepare"})"), "command 'prepare' needs the string 'session_id'");
  EXPECT_EQ(command_error(R"({"cmd": "exec_step", "step_id": "s", "driver": "d"})"),
            "command 'exec_step' needs the string 'cfg_path'");
  EXPECT_EQ(
      command_error(R"({"cmd": "exec_step", "step_id": "s", "driver": "d", "cfg_path": "c", "inputs": {"df": 1}})"),
      "input 'df' of step 's' needs the string 'from_step'");
  EXPECT_EQ(command_error(std::string(k_max_line_bytes + 1, 'x')),
            "line of 16777217 bytes is longer than the limit of 16777216 bytes");
}

TEST(Codec, ALineNestedTooDeeplyIsRefused) {
  const auto nested = [](std::size_t depth) {
    return R"({"cmd": "ping", "data": )" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(command_error(nested(100)), "accepted");
  EXPECT_EQ(command_error(nested(1'000'000)), "line is nested more than 128 levels deep");
}

TEST(Codec, WhatIsNoMessageIsSaidSo) {
  EXPECT_FALSE(decode_message("{}"));
  EXPECT_FALSE(decode_message(R"({"type": "gossip"})"));
}

TEST(Codec, BytesThatAreNoUtf8GetThroughReplaced) {
  const std::string line = encode(Message(ErrorMessage{"bad \xff byte"}));
  EXPECT_EQ(Json::parse(line)["error"], "bad \xEF\xBF\xBD byte");
}

TEST(Codec, ErrorsGoThroughWithCodeAndHint) {
  const Error error = make_error(ErrorCode::input_not_found, "Input 'df' not found", "run it again");
  const Json fields = error_fields(error);
  EXPECT_EQ(fields, Json::parse(R"({"error": "Input 'df' not found", "error_type": "input",
                                    "error_code": "input_not_found", "hint": "run it again"})"));
  const Error back = error_from_fields(fields);
  EXPECT_EQ(back.code, error.code);
  EXPECT_EQ(back.message, error.message);
  EXPECT_EQ(back.hint, error.hint);
}

TEST(Codec, TheBytesOfFilesFollowTheirLine) {
  EXPECT_EQ(to_wire(Message(FilesData{0, "a\nb"})), "{\"bytes\":3,\"type\":\"files_data\"}\na\nb");
  EXPECT_EQ(to_wire(Command(PingCommand{1})), "{\"cmd\":\"ping\",\"data\":1}\n");
  for (const char* bytes : {"0", "1048577", "-1", "\"7\""}) {
    EXPECT_EQ(command_error(std::string(R"({"cmd": "files_data", "bytes": )") + bytes + "}").substr(0, 57),
              "files_data needs the number 'bytes', from 1 to 1048576, n");
  }
}

TEST(Codec, AWorkerOfAnotherVersionIsNotBelieved) {
  EXPECT_FALSE(version_mismatch({{"protocol", k_version}, {"version", k_program_version}}));
  for (const Json& other : {Json{{"protocol", k_version}, {"version", "9"}}, Json{{"version", k_program_version}}}) {
    EXPECT_TRUE(version_mismatch(other)) << other;
  }
}

TEST(Codec, GarbageNeverCrashes) {
  std::mt19937 random(7);
  const std::string seed = encode(Command(ExecStepCommand{"s", "d", "c", {{"df", {"a", "df"}}}}));
  for (int i = 0; i < 20000; ++i) {
    std::string line = seed;
    for (int change = 0; change < 3; ++change) line[random() % line.size()] = static_cast<char>(random() % 256);
    static_cast<void>(decode_command(line));
    static_cast<void>(decode_message(line));
  }
}

}  // namespace
}  // namespace spillway::protocol
