#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/supabase/channel.hpp"
#include "drivers/supabase/reach.hpp"
#include "drivers/supabase/rest_column.hpp"
#include "drivers/supabase/rest_error.hpp"
#include "drivers/supabase/rest_filter.hpp"
#include "drivers/supabase/table_description.hpp"
#include "drivers/supabase/text_time.hpp"

namespace spillway::drivers::supabase {
namespace {

TEST(SupabaseChannel, TheAddressOfRest) {
  EXPECT_EQ(rest_url({{"project_id", "abc"}}), "https://abc.supabase.co/rest/v1");
  EXPECT_EQ(rest_url({{"url", "https://abc.supabase.co/"}}), "https://abc.supabase.co/rest/v1");
  EXPECT_EQ(rest_url({{"url", "http://localhost:3000/api/"}, {"project_id", "abc"}}), "http://localhost:3000/api");
  EXPECT_EQ(rest_url(Json::object()), "");
}

TEST(SupabaseChannel, AServersHostAndPortAreWhatASandboxMayReach) {
  EXPECT_EQ(rest_server({{"project_id", "abc"}}), (ServerAddress{"abc.supabase.co", 443, {}}));
  EXPECT_EQ(rest_server({{"url", "http://u:p@db.local"}}), (ServerAddress{"db.local", 80, {}}));
  EXPECT_EQ(rest_server({{"url", "http://[::1]:3000/x?y#z"}}), (ServerAddress{"::1", 3000, {}}));
  EXPECT_EQ(rest_server({{"pg_dsn", "postgresql://db"}}), std::nullopt);
}

TEST(SupabaseChannel, TheStrongestKeyCounts) {
  EXPECT_EQ(rest_key({{"anon_key", "a"}, {"key", "k"}, {"service_role_key", "s"}}), "s");
  EXPECT_EQ(rest_key({{"anon_key", "a"}, {"key", "k"}}), "k");
  EXPECT_EQ(rest_key({{"anon_key", "a"}}), "a");
}

TEST(SupabaseErrors, WhetherToTryAgainAndWhetherNothingWasDone) {
  struct Case {
    int status;
    std::string_view code;
    bool may_pass;
    bool is_undone;
  };
  for (const Case& one :
       {Case{429, "", true, true}, Case{400, "", false, true}, Case{401, "PGRST301", false, true},
        Case{404, "PGRST205", false, true}, Case{408, "", true, false}, Case{409, "23505", false, true},
        Case{500, "", true, false}, Case{500, "40001", true, true}, Case{500, "57014", false, true},
        Case{500, "57P01", true, true}, Case{502, "", true, false}, Case{503, "", true, false},
        Case{503, "PGRST000", true, true}, Case{503, "PGRST001", true, false}, Case{503, "PGRST002", true, true},
        Case{504, "PGRST003", true, true}, Case{503, "53300", true, true}, Case{503, "08006", true, false},
        Case{520, "", true, false}}) {
    const RestVerdict verdict = judge(one.status, one.code);
    EXPECT_EQ(verdict.may_pass, one.may_pass) << one.status << ' ' << one.code;
    EXPECT_EQ(verdict.is_undone, one.is_undone) << one.status << ' ' << one.code;
  }
}

TEST(SupabaseErrors, AnythingMayStandInABody) {
  for (const char* body : {"", "null", "[]", "{\"message\": 7}", "{", "\xff\n"}) {
    EXPECT_FALSE(rest_error(read_fault({.status = 500, .body = body})).message.empty()) << body;
  }
  EXPECT_EQ(rest_error(read_fault({.status = 500})).message, "the server gave no reason [HTTP 500]");
}

TEST(SupabaseFilter, SqlAsLogic) {
  EXPECT_EQ(rest_filter("a > 1 AND (b IS NULL OR NOT \"C d\" IN ('x', 'it''s \"y\"'))"),
            R"(and(a.gt."1",or(b.is.null,not.and("C d".in.("x","it's \"y\"")))))");
  EXPECT_EQ(rest_filter("A=-1.5 or b BETWEEN 1 AND 2"), R"(or(a.eq."-1.5",and(b.gte."1",b.lte."2")))");
}

TEST(SupabaseDescription, KeepsTheOrderOfColumns) {
  const auto tables = read_descriptions(nlohmann::ordered_json::parse(R"({"definitions": {
    "t": {"required": ["z"], "properties": {
      "z": {"format": "bigint", "type": "integer", "description": "Note:\nThis is a Primary Key.<pk/>"},
      "a": {"format": "text", "type": "string", "default": "x"}}},
    "empty": {}}})"));
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].name, "empty");
  EXPECT_EQ(tables[1].columns[0].name, "z");
  EXPECT_TRUE(tables[1].columns[0].is_key);
  EXPECT_FALSE(tables[1].columns[0].is_nullable);
  EXPECT_TRUE(tables[1].columns[1].has_default);
  EXPECT_THROW(read_descriptions(nlohmann::ordered_json::parse("[]")), Exception);
}

TEST(SupabaseText, TimesThatAreNoneAreRefused) {
  EXPECT_EQ(date_of_text("1970-01-02"), 1);
  EXPECT_EQ(timestamp_of_text("1970-01-01 00:00:00.1+01:30:15"), 100'000 - 5'415 * 1'000'000LL);
  EXPECT_EQ(timestamp_of_text("1970-01-01T00:00:01"), 1'000'000);
  for (const char* text : {"", "1970", "02/01/1970", "1970-01-01x", "Thu Jan 01"}) {
    EXPECT_THROW(date_of_text(text), Exception) << text;
  }
  for (const char* text : {"1970-01-01", "1970-01-01 00:00", "300000-01-01 00:00:00"}) {
    EXPECT_THROW(timestamp_of_text(text), Exception) << text;
  }
  EXPECT_THROW(interval_of_text("1 fortnight"), Exception);
  EXPECT_THROW(interval_of_text("P1Y"), Exception);
}

TEST(SupabaseJson, TextsAreEscaped) {
  std::string json;
  append_json_string(json, "a\"\\\n\x01ž");
  EXPECT_EQ(json, "\"a\\\"\\\\\\u000a\\u0001ž\"");
}

}  // namespace
}  // namespace spillway::drivers::supabase
