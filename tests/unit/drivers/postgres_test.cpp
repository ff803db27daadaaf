#include <limits>

#include <gtest/gtest.h>

#include "drivers/postgres/numeric.hpp"
#include "drivers/postgres/pooler.hpp"
#include "drivers/postgres/query.hpp"
#include "drivers/postgres/sqlstate.hpp"
#include "drivers/postgres/wire.hpp"
#include "drivers/sql/select_query.hpp"

namespace spillway::drivers::postgres {
namespace {

using engine::Int128;
using engine::UInt128;
using nlohmann::json;

std::string select_base(const json& config, std::string_view condition = {}) {
  return sql::select_query(config, k_name_quote, condition);
}

std::string numeric(std::int16_t weight, std::uint16_t sign, std::uint16_t scale, std::vector<std::int16_t> digits) {
  std::string bytes;
  append_number(bytes, static_cast<std::int16_t>(digits.size()));
  append_number(bytes, weight);
  append_number(bytes, sign);
  append_number(bytes, scale);
  for (const std::int16_t digit : digits) append_number(bytes, digit);
  return bytes;
}

TEST(Numeric, IsWrittenAsTheServerWritesIt) {
  const auto written = [](Int128 unscaled, std::uint8_t scale) {
    std::string bytes;
    append_numeric(bytes, unscaled, scale);
    return bytes;
  };
  EXPECT_EQ(written(0, 0), numeric(0, 0, 0, {}));
  EXPECT_EQ(written(0, 3), numeric(0, 0, 3, {}));
  EXPECT_EQ(written(150, 2), numeric(0, 0, 2, {1, 5000}));
  EXPECT_EQ(written(-150, 2), numeric(0, 0x4000, 2, {1, 5000}));
  EXPECT_EQ(written(10000, 0), numeric(1, 0, 0, {1}));
  EXPECT_EQ(written(1, 8), numeric(-2, 0, 8, {1}));
  EXPECT_EQ(written(1, 9), numeric(-3, 0, 9, {1000}));
  EXPECT_EQ(written(123456789, 4), numeric(1, 0, 4, {1, 2345, 6789}));
}

TEST(Numeric, EveryMagnitudeComesBack) {
  for (const std::uint8_t scale : {0, 1, 2, 3, 4, 5, 18, 37, 38}) {
    Int128 value = 1;
    for (int digits = 1; digits <= 38; ++digits, value = value * 10 + digits % 10) {
      for (const Int128 signed_value : {value, -value}) {
        std::string bytes;
        append_numeric(bytes, signed_value, scale);
        Int128 back = 0;
        EXPECT_EQ(read_numeric(bytes, 38, scale, back), NumericOutcome::ok) << digits << ' ' << int{scale};
        EXPECT_TRUE(back == signed_value) << digits << ' ' << int{scale};
      }
      if (digits == 38) break;
    }
  }
}

TEST(Numeric, WhatDoesNotFitIsRefused) {
  Int128 value = 0;
  EXPECT_EQ(read_numeric(numeric(0, 0, 2, {1, 5000}), 5, 0, value), NumericOutcome::too_many_decimals);
  EXPECT_EQ(read_numeric(numeric(0, 0, 4, {1, 5}), 5, 2, value), NumericOutcome::too_many_decimals);
  EXPECT_EQ(read_numeric(numeric(0, 0, 0, {100}), 2, 0, value), NumericOutcome::too_large);
  EXPECT_EQ(read_numeric(numeric(0, 0, 0, {99}), 2, 0, value), NumericOutcome::ok);
  EXPECT_EQ(read_numeric(numeric(20, 0, 0, {1}), 38, 0, value), NumericOutcome::too_large);
  EXPECT_EQ(
      read_numeric(numeric(9, 0, 0, {9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999}), 38, 0, value),
      NumericOutcome::too_large);
  EXPECT_EQ(read_numeric(numeric(0, 0xC000, 0, {}), 38, 0, value), NumericOutcome::nan);
  EXPECT_EQ(read_numeric(numeric(0, 0xD000, 0, {}), 38, 0, value), NumericOutcome::infinity);
  EXPECT_EQ(read_numeric(numeric(0, 0xF000, 0, {}), 38, 0, value), NumericOutcome::infinity);
  EXPECT_EQ(read_numeric("", 38, 0, value), NumericOutcome::malformed);
  EXPECT_EQ(read_numeric(numeric(0, 0, 0, {1}).substr(0, 9), 38, 0, value), NumericOutcome::malformed);
}

TEST(Numeric, AnUnsignedOfAllBitsIsWritten) {
  std::string bytes;
  append_numeric_unsigned(bytes, std::numeric_limits<UInt128>::max());
  EXPECT_EQ(bytes, numeric(9, 0, 0, {340, 2823, 6692, 938, 4634, 6337, 4607, 4317, 6821, 1455}));
}

TEST(Numeric, DeclaredPrecisionAndScaleAreReadFromTheModifier) {
  const auto modifier = [](int precision, int scale) { return ((precision << 16) | (scale & 0x7ff)) + 4; };
  EXPECT_FALSE(declared_numeric(-1));
  EXPECT_EQ(declared_numeric(modifier(15, 2))->precision, 15);
  EXPECT_EQ(declared_numeric(modifier(15, 2))->scale, 2);
  EXPECT_EQ(declared_numeric(modifier(3, -2))->scale, -2);
  EXPECT_EQ(declared_numeric(modifier(1000, 1000))->scale, 1000);
}

TEST(SqlState, SaysWhatItMeansForAStep) {
  struct Row {
    std::string_view state;
    ErrorCode code;
    bool is_transient;
  };
  for (const Row& row : {Row{"", ErrorCode::connection, true},
                         Row{"08006", ErrorCode::connection, true},
                         Row{"08P01", ErrorCode::protocol, false},
                         Row{"22001", ErrorCode::bad_data, false},
                         Row{"22012", ErrorCode::bad_data, false},
                         Row{"23505", ErrorCode::bad_data, false},
                         Row{"23502", ErrorCode::bad_data, false},
                         Row{"25006", ErrorCode::sql, false},
                         Row{"28P01", ErrorCode::connection, false},
                         Row{"3D000", ErrorCode::connection, false},
                         Row{"40001", ErrorCode::sql, true},
                         Row{"40P01", ErrorCode::sql, true},
                         Row{"42501", ErrorCode::sql, false},
                         Row{"42601", ErrorCode::sql, false},
                         Row{"42P01", ErrorCode::sql, false},
                         Row{"53100", ErrorCode::disk_full, false},
                         Row{"53200", ErrorCode::out_of_memory, false},
                         Row{"53300", ErrorCode::connection, true},
                         Row{"55P03", ErrorCode::timeout, false},
                         Row{"57014", ErrorCode::timeout, false},
                         Row{"57P01", ErrorCode::connection, true},
                         Row{"57P03", ErrorCode::connection, true},
                         Row{"57P04", ErrorCode::connection, false},
                         Row{"58030", ErrorCode::io, false},
                         Row{"XX000", ErrorCode::sql, false}}) {
    EXPECT_EQ(meaning_of(row.state).code, row.code) << row.state;
    EXPECT_EQ(meaning_of(row.state).is_transient, row.is_transient) << row.state;
  }
}

TEST(Pooler, SaysInWordsWhatItRefuses) {
  struct Row {
    std::string_view reason;
    bool is_transient;
    std::string_view hint;
  };
  for (const Row& row :
       {Row{"FATAL:  query_wait_timeout", false, "the pooler has no connection left"},
        Row{"FATAL:  no more connections allowed (max_client_conn)", true, "the pooler has no connection left"},
        Row{"FATAL:  (ECHECKOUTTIMEOUT) Pool checkout timeout.", false, "the pooler has no connection left"},
        Row{"FATAL:  (EMAXCLIENTCONN) max client connections reached, limit: 200", true, "the pooler has no"},
        Row{"FATAL:  MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to "
            "pool_size",
            true, "the pooler has no connection left"},
        Row{"FATAL:  Max client connections reached", true, "the pooler has no connection left"},
        Row{"FATAL:  Tenant or user not found", false, "the user of Supabase's pooler has the project behind it"},
        Row{"FATAL:  (ENOTFOUND) tenant/user postgres.abc not found", false, "the user of Supabase's pooler"},
        Row{"FATAL:  unsupported startup parameter: options", false, "a pooler sets nothing when it connects"}}) {
    const auto refusal = pooler_refusal(row.reason);
    ASSERT_TRUE(refusal) << row.reason;
    EXPECT_EQ(refusal->is_transient, row.is_transient) << row.reason;
    EXPECT_TRUE(refusal->hint.starts_with(row.hint)) << refusal->hint;
  }
  EXPECT_FALSE(pooler_refusal("FATAL:  the database system is starting up"));
}

TEST(PostgresQuery, IsMadeOfItsParts) {
  EXPECT_EQ(select_base({{"query", " SELECT 1 ; "}}), "SELECT 1");
  EXPECT_EQ(select_base({{"table", "s.t"}}), R"(SELECT * FROM "s"."t")");
  EXPECT_EQ(select_base({{"table", "t"},
                         {"columns", {"a", "b\"c"}},
                         {"filter", "a > 1"},
                         {"order", {"a DESC", "b"}},
                         {"limit", 3}}),
            "SELECT \"a\", \"b\"\"c\" FROM \"t\" WHERE (a > 1\n) ORDER BY \"a\" desc, \"b\" LIMIT 3");
  EXPECT_EQ(select_base({{"table", "t"}, {"filter", "a"}}, "ctid < '(1,0)'"),
            "SELECT * FROM \"t\" WHERE (a\n) AND ctid < '(1,0)'");
}

TEST(PostgresQuery, CopyTakesWhatReturnsATable) {
  for (const char* sql :
       {"SELECT 1", "  with a as (select 1) table a", "((VALUES (1)))", "/* x */ -- y\nTABLE t", "(select 1)"}) {
    EXPECT_TRUE(is_copyable(sql)) << sql;
  }
  for (const char* sql : {"SHOW all", "EXPLAIN SELECT 1", "selectx", "", "-- select", "FETCH ALL FROM c"}) {
    EXPECT_FALSE(is_copyable(sql)) << sql;
  }
}

TEST(PostgresQuery, ParametersAreTexts) {
  EXPECT_EQ(bound_parameters({{"params", {1, "x", nullptr, false, 1.5}}}),
            (TextRow{"1", "x", std::nullopt, "false", "1.5"}));
  EXPECT_TRUE(bound_parameters(json::object()).empty());
}

TEST(PostgresNumericPolicy, IsReadFromItsOption) {
  EXPECT_EQ(numeric_policy("text", false).unbounded, NumericPolicy::Unbounded::text);
  EXPECT_EQ(numeric_policy("double", false).unbounded, NumericPolicy::Unbounded::double_);
  const NumericPolicy policy = numeric_policy("decimal(20,4)", true);
  EXPECT_EQ(policy.width, 20);
  EXPECT_EQ(policy.scale, 4);
  EXPECT_TRUE(policy.special_is_null);
}

}  // namespace
}  // namespace spillway::drivers::postgres
