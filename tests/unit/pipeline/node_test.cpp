#include "pipeline/node.hpp"

namespace spillway::pipeline {
namespace {

using Json = nlohmann::json;

Node scalar(std::string text) {
  Node node;
  node.kind = plain_scalar_kind(text);
  node.text = std::move(text);
  return node;
}

TEST(Node, PlainScalarsHaveTheTypesOfTheCoreSchema) {
  for (const char* text : {"", "~", "null", "Null", "NULL"})
    EXPECT_EQ(plain_scalar_kind(text), NodeKind::null) << text;
  for (const char* text : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    EXPECT_EQ(plain_scalar_kind(text), NodeKind::boolean) << text;
  }
  for (const char* text : {"0", "-7", "+7", "007", "0o17", "0xFF"}) {
    EXPECT_EQ(plain_scalar_kind(text), NodeKind::integer) << text;
  }
  for (const char* text : {"1.5", ".5", "5.", "-1e3", "1E+9", ".inf", "-.INF", ".NaN"}) {
    EXPECT_EQ(plain_scalar_kind(text), NodeKind::real) << text;
  }
}

TEST(Node, WhatOlderYamlConvertedStaysText) {
  for (const char* text :
       {"yes",   "no", "on", "off", "y", "1_000", "2024-01-31", "12:30:00", "0b11", "tRUE", "nULL",
        "0.1.0", "1e", "e5", ".",   "-", "+",     "0x",         "0o8",      "1.5.", "--1",  ".inff"}) {
    EXPECT_EQ(plain_scalar_kind(text), NodeKind::string) << text;
  }
}

TEST(Node, ScalarsBecomeTypedJson) {
  EXPECT_EQ(scalar("null").to_json(), Json());
  EXPECT_EQ(scalar("True").to_json(), Json(true));
  EXPECT_EQ(scalar("FALSE").to_json(), Json(false));
  EXPECT_EQ(scalar("+7").to_json(), Json(7));
  EXPECT_EQ(scalar("-9223372036854775808").to_json(), Json(INT64_MIN));
  EXPECT_EQ(scalar("0xff").to_json(), Json(255));
  EXPECT_EQ(scalar("0o17").to_json(), Json(15));
  EXPECT_EQ(scalar("+1.5e2").to_json(), Json(150.0));
  EXPECT_EQ(scalar("no").to_json(), Json("no"));
}

TEST(Node, NumbersBeyondJsonAreKnown) {
  EXPECT_TRUE(is_representable(NodeKind::integer, "9223372036854775807"));
  EXPECT_FALSE(is_representable(NodeKind::integer, "9223372036854775808"));
  EXPECT_FALSE(is_representable(NodeKind::integer, "0xFFFFFFFFFFFFFFFF"));
  EXPECT_TRUE(is_representable(NodeKind::real, "1e308"));
  EXPECT_FALSE(is_representable(NodeKind::real, "1e309"));
  EXPECT_FALSE(is_representable(NodeKind::real, ".inf"));
  EXPECT_FALSE(is_representable(NodeKind::real, ".nan"));
  EXPECT_TRUE(is_representable(NodeKind::string, "9223372036854775808"));
}

}  // namespace
}  // namespace spillway::pipeline
