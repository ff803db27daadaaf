#include "pipeline/reader.hpp"

#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace spillway::pipeline {
namespace {

using Json = nlohmann::json;

struct Reading {
  std::optional<Node> root;
  std::vector<Error> errors;

  /// "line:column message" of the only error.
  std::string only_error() const {
    if (errors.size() != 1) return fmt::format("{} errors", errors.size());
    return fmt::format("{}:{} {}", errors[0].location->line, errors[0].location->column, errors[0].message);
  }
};

Reading read(std::string_view text) {
  Diagnostics diagnostics("p.yaml");
  Reading reading;
  reading.root = read_document(text, diagnostics);
  reading.errors = diagnostics.take();
  return reading;
}

Json json_of(std::string_view text) {
  const Reading reading = read(text);
  if (!reading.root || !reading.errors.empty()) return reading.only_error();
  return reading.root->to_json();
}

std::string error_of(std::string_view text) { return read(text).only_error(); }

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Reader, MapsListsAndScalarsBecomeJson) {
  EXPECT_EQ(
      json_of("a: 1\nb: [x, 'y', \"1\"]\nc:\n- k: true\n  l: ~\nd:\ne: {f: 1.5}\n"),
      Json::parse(R"({"a": 1, "b": ["x", "y", "1"], "c": [{"k": true, "l": null}], "d": null, "e": {"f": 1.5}})"));
}

TEST(Reader, BlockScalarsKeepTheirLines) {
  EXPECT_EQ(json_of("a: |\n  SELECT 1\n  \t, 2\nb: >\n  x\n  y\n"),
            Json::parse(R"({"a": "SELECT 1\n\t, 2\n", "b": "x y\n"})"));
}

TEST(Reader, KeysAndValuesKnowTheirPlaces) {
  const Reading reading = read("a: 1\nlist:\n  - x\n  - {k: v}\n");
  const MapEntry& list = reading.root->entries[1];
  EXPECT_EQ(list.key_position.line, 2U);
  EXPECT_EQ(list.key_position.column, 1U);
  const Node& item = list.value.items[1];
  EXPECT_EQ(item.entries[0].value.position.line, 4U);
  EXPECT_EQ(item.entries[0].value.position.column, 9U);
}

TEST(Reader, ColumnsCountCharactersNotBytes) {
  const Reading reading = read("{\"\xC3\xA9\xF0\x9F\x8E\xAC\": 1, b: 2}\n");
  EXPECT_EQ(reading.root->entries[1].key_position.column, 11U);
}

TEST(Reader, AnAbsentValueIsAtItsKey) {
  const Reading reading = read("a:\nb: 1\n");
  EXPECT_EQ(reading.root->entries[0].value.position.line, 1U);
  EXPECT_EQ(reading.root->entries[0].value.text, "");
  EXPECT_EQ(read("a: NULL\n").root->entries[0].value.text, "NULL");
}

TEST(Reader, ByteOrderMarkAndForeignNewlinesAreAccepted) {
  EXPECT_EQ(json_of("\xEF\xBB\xBF"
                    "a: 1\r\nb: |\r\n  x\r\n  y\r\n"),
            Json::parse(R"({"a": 1, "b": "x\ny\n"})"));
  EXPECT_EQ(json_of("a: 1\rb: 2\r"), Json::parse(R"({"a": 1, "b": 2})"));
}

TEST(Reader, AliasesAreExpanded) {
  EXPECT_EQ(json_of("a: &x {k: [1, 2]}\nb: *x\n"), Json::parse(R"({"a": {"k": [1, 2]}, "b": {"k": [1, 2]}})"));
}

TEST(Reader, EmptyDocumentsAreRefused) {
  for (const char* text : {"", "\n\n", "# nothing\n", "---\n", "---\n...\n", "~", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(error_of(text), "1:1 empty document: it holds no key") << text;
  }
}

TEST(Reader, TheRootIsAMap) {
  EXPECT_EQ(error_of("- a\n- b\n"), "1:1 invalid document: it is a list, not a map of keys");
  EXPECT_EQ(error_of("just text"), "1:1 invalid document: it is a string, not a map of keys");
}

TEST(Reader, DuplicateKeysAreRefusedAtTheSecond) {
  EXPECT_EQ(error_of("a: 1\nb:\n  c: 1\n  c: 2\n"), "4:3 duplicate key 'c': it has a value since line 3");
  EXPECT_EQ(error_of("a: 1\n\"a\": 2\n"), "2:1 duplicate key 'a': it has a value since line 1");
}

TEST(Reader, KeysAreStrings) {
  EXPECT_EQ(error_of("1: a\n"), "1:1 invalid key '1': a key is a string, not an integer");
  EXPECT_EQ(error_of("true: a\n"), "1:1 invalid key 'true': a key is a string, not a boolean");
  EXPECT_EQ(error_of("? [a]\n: b\n"), "1:3 invalid key '': a key is a string, not a list");
  EXPECT_EQ(error_of(": b\n"), "1:1 invalid key '': a key is a string, not null");
  EXPECT_EQ(json_of("no: 1\n\"1\": 2\n"), Json::parse(R"({"1": 2, "no": 1})"));
}

TEST(Reader, MergeKeysAreRefused) {
  EXPECT_EQ(error_of("a: &x {k: 1}\nb:\n  <<: *x\n"), "3:3 unknown key '<<': YAML 1.2 has no merge keys");
}

TEST(Reader, TabsAsIndentationAreRefused) {
  for (const char* text : {"a:\n\t- b\n", "a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n", "a:\n  - b: 1\n  \tc: 2\n",
                           "\ta: 1\n", "a: |\n\tx\n", "a:\n-\tb: 1\n-\tb: 2\n"}) {
    EXPECT_NE(error_of(text).find("invalid YAML: a tab as indentation"), std::string::npos) << text << error_of(text);
  }
  EXPECT_EQ(json_of("a:\t1\nb: [1,\n\t2]\n"), Json::parse(R"({"a": 1, "b": [1, 2]})"));
}

TEST(Reader, ASecondDocumentIsRefused) {
  EXPECT_EQ(error_of("a: 1\n---\nb: 2\n"), "2:1 more than one document: a file holds one");
  EXPECT_EQ(error_of("a: 1\n---\n"), "2:1 more than one document: a file holds one");
  EXPECT_EQ(error_of("- a\nb: 1\n"), "2:1 invalid YAML: nothing may follow the end of the document");
  EXPECT_EQ(json_of("---\na: 1\n...\n"), Json::parse(R"({"a": 1})"));
}

TEST(Reader, SyntaxErrorsAreExplained) {
  EXPECT_EQ(error_of("a: b: c\n"), "1:5 invalid YAML: unexpected ':'");
  EXPECT_EQ(error_of("a: [1, 2\n"), "1:4 invalid YAML: '[' without its ']'");
  EXPECT_EQ(error_of("a: {b: [1],\n  c: 2\nd: 3\n"), "1:4 invalid YAML: '{' without its '}'");
  EXPECT_EQ(error_of("a: }\n"), "1:4 invalid YAML: a ']' or '}' that closes nothing");
  EXPECT_EQ(error_of("a: @x\n"), "1:4 invalid YAML: text cannot begin with this character");
  EXPECT_EQ(error_of("a: *x\n"), "1:4 invalid YAML: an alias without its anchor");
  EXPECT_EQ(error_of("a: \"\\q\"\n"), "1:7 invalid YAML: unknown escape in double quotes");
}

TEST(Reader, TextThatIsNeverClosedIsRefusedAlsoAtTheEndOfTheFile) {
  const std::string message = "invalid YAML: quoted text without its closing quote";
  EXPECT_EQ(error_of("a: \"never\n"), "1:4 " + message);
  EXPECT_EQ(error_of("a: 'never\n"), "1:4 " + message);
  EXPECT_EQ(error_of("a: 'it''s\n"), "1:4 " + message);
  EXPECT_EQ(error_of("a: &x \"never\n"), "1:4 " + message);
  EXPECT_EQ(error_of("a: \"never\\\"\n"), "1:4 " + message);
  EXPECT_EQ(json_of("a: 'it''s'\n"), Json::parse(R"({"a": "it's"})"));
  EXPECT_EQ(json_of("a: \"\\\"\"\n"), Json::parse(R"({"a": "\""})"));
}

TEST(Reader, TagsAreRefusedUnlessTheySayNothing) {
  EXPECT_EQ(error_of("a: !foo 1\n"), "1:4 unknown tag '!foo': a document holds plain values");
  EXPECT_EQ(error_of("a: !!python/object {}\n").substr(0, 15), "1:4 unknown tag");
  EXPECT_EQ(json_of("a: !!str 5\nb: !!map {}\n"), Json::parse(R"({"a": "5", "b": {}})"));
}

TEST(Reader, BytesThatAreNoTextAreRefusedAtTheirPlace) {
  EXPECT_EQ(error_of("a: 1\nb: x\xFF\n"), "2:5 invalid UTF-8: byte 0xFF");
  EXPECT_EQ(error_of("a: \xC3\xA9\xC3\x28\n"), "1:5 invalid UTF-8: byte 0xC3");
  EXPECT_EQ(error_of(std::string_view("a: 1\nb: \0", 9)), "2:4 control character U+0000: a document is text");
  // The parser takes this byte for the end of the file.
  EXPECT_EQ(error_of("a: 1\n\x04: 2\n"), "2:1 control character U+0004: a document is text");
  EXPECT_EQ(error_of("a: \"x\\0y\"\n"), "1:4 NUL character: no value may hold one");
  EXPECT_EQ(error_of("\xFF\xFE"
                     "a\0"),
            "1:1 invalid UTF-8: byte 0xFF");
}

TEST(Reader, NumbersThatDoNotFitAreRefused) {
  EXPECT_EQ(error_of("a: 9223372036854775808\n"),
            "1:4 number out of range '9223372036854775808': an integer has 64 bits");
  EXPECT_EQ(error_of("a: 1e999\n"), "1:4 number out of range '1e999': a number is finite");
  EXPECT_EQ(error_of("a: .nan\n"), "1:4 number out of range '.nan': a number is finite");
  EXPECT_EQ(json_of("a: \"9223372036854775808\"\n"), Json::parse(R"({"a": "9223372036854775808"})"));
}

TEST(Reader, DepthIsLimited) {
  const auto nested = [](std::size_t depth) { return "a: " + repeated("[", depth) + repeated("]", depth) + "\n"; };
  EXPECT_TRUE(read(nested(k_max_depth - 1)).root);
  EXPECT_EQ(error_of(nested(k_max_depth)).substr(0, 21), "1:67 document too dee");
  for (const char* opening : {"[", "{", "- ", "? ", "[a: ", "{a: "}) {
    EXPECT_EQ(read("a: " + repeated(opening, 20'000)).errors.size(), 1U) << opening;
  }
}

TEST(Reader, AnAliasBombIsRefusedQuickly) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    bomb += fmt::format("a{}: &a{} [{}*a{}]\n", i, i, repeated(fmt::format("*a{}, ", i - 1), 9), i - 1);
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_NE(error_of(bomb).find("document too large: with its aliases expanded"), std::string::npos)
      << error_of(bomb);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Reader, AnAliasBombOfLongTextIsRefused) {
  const std::string bomb = "a: &a \"" + std::string(1'000'000, 'x') + "\"\nb: [" + repeated("*a, ", 1000) + "]\n";
  EXPECT_NE(error_of(bomb).find("document too large"), std::string::npos);
}

TEST(Reader, AnAliasInsideItsOwnValueIsRefused) {
  EXPECT_EQ(error_of("a: &a [*a]\n"), "1:8 invalid YAML: an alias inside the value it stands for");
}

TEST(Reader, ALargeFileIsRefusedUnread) {
  EXPECT_EQ(error_of(std::string(k_max_document_bytes + 1, '[')),
            "1:1 document too large: it has 16 MB, the limit is 16 MB");
}

TEST(Reader, EveryErrorOfTheTreeIsReported) {
  const Reading reading = read("a: 1\na: 2\n1: x\nb: 1e999\n");
  EXPECT_TRUE(reading.root);
  EXPECT_EQ(reading.errors.size(), 3U);
}

}  // namespace
}  // namespace spillway::pipeline
