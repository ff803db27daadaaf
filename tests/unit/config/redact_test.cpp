#include "config/redact.hpp"

namespace spillway::config {
namespace {

std::string masked(const Redactor& redactor, std::string_view text) { return redactor.redact(text); }

TEST(Redact, ValuesUnderASecretKeyAreMaskedWhateverTheirType) {
  const Json value = Json::parse(R"({"host": "h", "password": "pw", "pin": 5, "nested": [{"token": 5}],
    "credentials": {"a": 1}, "api_key": null, "secret": ["x"]})");
  EXPECT_EQ(Redactor().redact(value), Json::parse(R"({"host": "h", "password": "***", "pin": 5,
    "nested": [{"token": "***"}], "credentials": "***", "api_key": null, "secret": "***"})"));
}

TEST(Redact, OrdinaryConfigPassesUnchanged) {
  const Json value = Json::parse(R"({"path": "data/a.csv", "columns": ["key", "token"], "types": {"key": "BIGINT"},
    "query": "SELECT token, password FROM df WHERE a @> b", "limit": 5, "x": [1.5, true, null]})");
  EXPECT_EQ(Redactor().redact(value), value);
}

TEST(Redact, TheUserInfoOfAUrlIsMasked) {
  const Redactor redactor;
  EXPECT_EQ(masked(redactor, "postgres://u:p@host:5432/db"), "postgres://***@host:5432/db");
  EXPECT_EQ(masked(redactor, "cannot reach 'mysql://u:p@h/db', https://token@x.io/a?b=c"),
            "cannot reach 'mysql://***@h/db', https://***@x.io/a?b=c");
  EXPECT_EQ(masked(redactor, "postgres://u:p@ss@host/db"), "postgres://***@host/db");
  EXPECT_EQ(masked(redactor, "postgres://u:p/ss#?@host/db"), "postgres://***@host/db");
  EXPECT_EQ(redactor.redact(Json::parse(R"({"url": "http://u:p@h"})")), Json::parse(R"({"url": "http://***@h"})"));
}

TEST(Redact, AUrlWithoutUserInfoIsKept) {
  for (const char* text : {"https://host/a@b", "https://host:8080/?mail=a@b.c", "a@b.c", "://", "x://", "file:///a@b",
                           "see http://h and mail a@b.c"}) {
    EXPECT_EQ(masked(Redactor(), text), text);
  }
}

TEST(Redact, RegisteredSecretsAreMaskedWhereverTheyStand) {
  Redactor redactor;
  redactor.add_secret("hunter2!");
  EXPECT_EQ(masked(redactor, "FATAL: password \"hunter2!\" is wrong (hunter2!)"),
            "FATAL: password \"***\" is wrong (***)");
  EXPECT_EQ(redactor.redact(Json::parse(R"({"a": ["xhunter2!x"], "hunter2!": 1})")),
            Json::parse(R"({"a": ["x***x"], "***": 1})"));
}

TEST(Redact, RegisteredSecretsAreMaskedInTheirEncodedForms) {
  Redactor redactor;
  redactor.add_secret("p w/\"\xC3\xA9+");
  EXPECT_EQ(masked(redactor, "?a=p%20w%2F%22%C3%A9%2B&b"), "?a=***&b");
  EXPECT_EQ(masked(redactor, "?a=p%20w%2f%22%c3%a9%2b&b"), "?a=***&b");
  EXPECT_EQ(masked(redactor, R"({"x":"p w/\"é+"})"), R"({"x":"***"})");
}

TEST(Redact, RegisteredSecretsAreMaskedInBase64AtEveryAlignment) {
  Redactor redactor;
  redactor.add_secret("correct horse");
  // base64 of "correct horse", "u:correct horse", "me:correct horse" and "ab:correct horse!?".
  for (const char* text : {"Y29ycmVjdCBob3JzZQ==", "dTpjb3JyZWN0IGhvcnNl",
                           "bWU6Y29ycmVjdCBob3JzZQ==", "YWI6Y29ycmVjdCBob3JzZSE/", "eHg6eTpjb3JyZWN0IGhvcnNl"}) {
    EXPECT_NE(masked(redactor, text).find("***"), std::string::npos) << text;
    EXPECT_EQ(masked(redactor, text).find("VjdCBob3J"), std::string::npos) << text;
    EXPECT_EQ(masked(redactor, text).find("yZWN0IGhv"), std::string::npos) << text;
  }
}

TEST(Redact, RegisteredSecretsAreMaskedAsOtherProgramsWriteThem) {
  Redactor redactor;
  redactor.add_secret("it's a/\xC3\xA9 secret");
  EXPECT_EQ(masked(redactor, "PASSWORD 'it''s a/\xC3\xA9 secret'"), "PASSWORD '***'") << "SQL";
  EXPECT_EQ(masked(redactor, R"({"p": "it's a\/\u00e9 secret"})"), R"({"p": "***"})") << "JSON in ASCII";
  EXPECT_EQ(masked(redactor, "it%27s+a%2F%C3%A9+secret"), "***") << "a form";
}

TEST(Redact, EachLineOfASecretIsMasked) {
  Redactor redactor;
  redactor.add_secret("-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n  c2Vjb25kIGxpbmU=\r\nabc\n-----END KEY-----");
  EXPECT_EQ(masked(redactor, "    MIIEpAIBAAKCAQEA\n    c2Vjb25kIGxpbmU=\n    abc"), "    ***\n    ***\n    abc");
}

TEST(Redact, NumbersThatAreASecretAreMasked) {
  Redactor redactor;
  redactor.add_secret("123456");
  redactor.add_secret("5432");
  EXPECT_EQ(redactor.redact(Json::parse(R"({"pin": 123456, "rows": 5432, "more": 1234567, "text": "5432"})")),
            Json::parse(R"({"pin": "***", "rows": 5432, "more": 1234567, "text": "***"})"));
}

TEST(Redact, TheOrderOfKeysIsKept) {
  Redactor redactor;
  redactor.add_secret("hunter2!");
  EXPECT_EQ(redactor.redact(nlohmann::ordered_json::parse(R"({"b": ["hunter2!"], "a": {"token": 1}})")).dump(),
            R"({"b":["***"],"a":{"token":"***"}})");
}

TEST(Redact, ASecretThatContainsAnotherLeavesNoRest) {
  Redactor redactor;
  redactor.add_secret("abcd");
  redactor.add_secret("abcdefgh");
  EXPECT_EQ(masked(redactor, "abcdefgh abcd"), "*** ***");
}

TEST(Redact, ShortValuesAreNotMasked) {
  Redactor redactor;
  redactor.add_secret("abc");
  redactor.add_secret("");
  EXPECT_EQ(masked(redactor, "abc def"), "abc def");
}

TEST(Redact, BytesThatAreNoTextAreNoProblem) {
  Redactor redactor;
  redactor.add_secret("\xFF\xFE\x00\x01");
  EXPECT_EQ(masked(redactor, "\xFF://\xFE:\xFF@\x80"), "\xFF://***@\x80");
}

}  // namespace
}  // namespace spillway::config
