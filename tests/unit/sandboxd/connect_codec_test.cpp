#include "sandboxd/connect_codec.hpp"

#include <signal.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace spillway::sandboxd {
namespace {

using namespace std::string_literals;

std::string failure_of(auto action) {
  try {
    action();
  } catch (const RpcError& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
  return "";
}

TEST(ConnectCodec, AnEnvelopeIsFlagsLengthAndJson) {
  EXPECT_EQ(envelope({{"a", 1}}), "\0\0\0\0\x07{\"a\":1}"s);
  EXPECT_EQ(end_of_stream(), "\x02\0\0\0\x02{}"s);
  const std::string long_one = envelope({{"a", std::string(70'000, 'x')}});
  EXPECT_EQ(long_one.substr(0, 5), "\0\0\x01\x11\x78"s);
}

TEST(ConnectCodec, AnErrorEndsAStreamOrIsABody) {
  const RpcError error(RpcCode::not_found, "process with pid 7 not found");
  EXPECT_EQ(end_of_stream(error).substr(5),
            R"({"error":{"code":"not_found","message":"process with pid 7 not found"}})");
  EXPECT_EQ(end_of_stream(error)[0], '\x02');
  EXPECT_EQ(error_body(error), R"({"code":"not_found","message":"process with pid 7 not found"})");
}

TEST(ConnectCodec, BytesThatAreNoTextAreReplacedInErrors) {
  EXPECT_EQ(error_body(RpcError(RpcCode::internal, "\xff")), "{\"code\":\"internal\",\"message\":\"\xef\xbf\xbd\"}");
}

TEST(ConnectCodec, AStreamsRequestIsExactlyOneEnvelope) {
  EXPECT_EQ(parse_enveloped(envelope({{"a", 1}})), Json({{"a", 1}}));
  EXPECT_EQ(parse_enveloped("\0\0\0\0\0"s), Json::object());
  for (const auto& [body, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "invalid_argument: the request has no whole envelope"},
           {"\0\0\0\0"s, "invalid_argument: the request has no whole envelope"},
           {"\0\0\0\0\x03{}"s, "invalid_argument: the request has to be exactly one envelope"},
           {"\0\0\0\0\x02{}{}"s, "invalid_argument: the request has to be exactly one envelope"},
           {"\x01\0\0\0\x02{}"s, "unimplemented: compressed envelopes are not understood here"},
           {"\0\0\0\0\x02[]"s, "invalid_argument: the request is no JSON object"},
           {"\0\xff\xff\xff\xff{}"s, "invalid_argument: the request has to be exactly one envelope"},
       }) {
    EXPECT_EQ(failure_of([&, text = body] { parse_enveloped(text); }), message);
  }
}

TEST(MessageReader, ReadsWhatProtobufsJsonMayBe) {
  const Json message = Json::parse(R"({"pid": "12", "count": 3, "on": true, "in": "YWI=", "list": ["a", ""],
      "map": {"A": "b"}, "inner": {"x": "y"}, "none": null, "snake_name": "s"})");
  const MessageReader reader(message);
  EXPECT_EQ(reader.number("pid"), 12U);
  EXPECT_EQ(reader.number("count"), 3U);
  EXPECT_EQ(reader.boolean("on"), true);
  EXPECT_EQ(reader.bytes("in"), "ab");
  EXPECT_EQ(reader.texts("list"), (std::vector<std::string>{"a", ""}));
  EXPECT_EQ(reader.map("map"), (std::vector<std::pair<std::string, std::string>>{{"A", "b"}}));
  EXPECT_EQ(reader.message("inner").text("x"), "y");
  EXPECT_EQ(reader.text("snakeName", "snake_name"), "s");
  EXPECT_FALSE(reader.has("none"));
}

TEST(MessageReader, WhatIsMissingIsZero) {
  const Json message = Json::object();
  const MessageReader reader(message);
  EXPECT_EQ(reader.text("a"), "");
  EXPECT_EQ(reader.number("a"), 0U);
  EXPECT_EQ(reader.boolean("a"), std::nullopt);
  EXPECT_EQ(reader.bytes("a"), std::nullopt);
  EXPECT_TRUE(reader.texts("a").empty());
  EXPECT_TRUE(reader.map("a").empty());
  EXPECT_EQ(reader.message("a").text("b"), "");
}

TEST(MessageReader, RefusesWhatIsSomethingElse) {
  const Json message = Json::parse(R"({"n": -1, "big": 4294967296, "real": 1.5, "text": "x", "nul": "a\u0000b",
      "map": {"A=": ""}, "empty": {"": ""}, "list": [1], "bad64": "a"})");
  const MessageReader reader(message);
  const auto number = [](const std::string& name) {
    return "invalid_argument: field '" + name + "' has to be a number of 32 bits";
  };
  for (const char* name : {"n", "big", "real", "text"}) {
    EXPECT_EQ(failure_of([&] { reader.number(name); }), number(name));
  }
  EXPECT_EQ(failure_of([&] { reader.text("n"); }), "invalid_argument: field 'n' has to be a text");
  EXPECT_EQ(failure_of([&] { reader.text("nul"); }), "invalid_argument: field 'nul' has to be a text without NUL");
  EXPECT_EQ(failure_of([&] { reader.boolean("text"); }), "invalid_argument: field 'text' has to be true or false");
  EXPECT_EQ(failure_of([&] { reader.bytes("bad64"); }), "invalid_argument: field 'bad64' has to be bytes in base64");
  EXPECT_EQ(failure_of([&] { reader.texts("text"); }), "invalid_argument: field 'text' has to be a list of texts");
  EXPECT_EQ(failure_of([&] { reader.texts("list"); }), "invalid_argument: field 'list' has to be a text");
  EXPECT_EQ(failure_of([&] { reader.message("list"); }), "invalid_argument: field 'list' has to be an object");
  for (const char* name : {"map", "empty"}) {
    EXPECT_EQ(failure_of([&] { reader.map(name); }),
              "invalid_argument: field '" + std::string(name) +
                  "' has to be an object whose names have neither '=' nor NUL");
  }
}

TEST(ConnectCodec, ATimeoutIsANumberOfAtMostTenDigits) {
  EXPECT_EQ(parse_timeout(""), std::nullopt);
  EXPECT_EQ(parse_timeout("5000"), std::chrono::milliseconds(5000));
  for (const char* text : {"-1", "1s", "12345678901"}) {
    EXPECT_EQ(failure_of([&] { parse_timeout(text); }),
              "invalid_argument: Connect-Timeout-Ms has to be a number of at most 10 digits");
  }
}

TEST(ConnectCodec, EventsOfAProcess) {
  using Kind = ProcessOutput::Kind;
  EXPECT_EQ(start_envelope(7).substr(5), R"({"event":{"start":{"pid":7}}})");
  EXPECT_EQ(output_envelope({Kind::out, "ab", {}}).substr(5), R"({"event":{"data":{"stdout":"YWI="}}})");
  EXPECT_EQ(output_envelope({Kind::err, "\n", {}}).substr(5), R"({"event":{"data":{"stderr":"Cg=="}}})");
  EXPECT_EQ(keepalive_envelope().substr(5), R"({"event":{"keepalive":{}}})");
  EXPECT_EQ(output_envelope({Kind::end, "", {}}).substr(5),
            R"({"event":{"end":{"exited":true,"status":"exit status 0"}}})");
  EXPECT_EQ(output_envelope({Kind::end, "", {3, 0}}).substr(5),
            R"({"event":{"end":{"exitCode":3,"exited":true,"status":"exit status 3","error":"exit status 3"}}})");
  EXPECT_EQ(output_envelope({Kind::end, "", {0, SIGKILL}}).substr(5),
            R"({"event":{"end":{"exitCode":-1,"status":"signal: killed","error":"signal: killed"}}})");
}

}  // namespace
}  // namespace spillway::sandboxd
