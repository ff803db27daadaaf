#include "engine/sql.hpp"
#include "integration/supabase_fixture.hpp"
#include "support/all_types.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using SupabaseDsn = SupabaseTest;
using SupabaseExtractor = SupabaseTest;
using SupabaseWriter = SupabaseTest;

TEST_F(SupabaseDsn, AnExtractorReadsWhateverPostgresReads) {
  fields = dsn_fields();
  sql("CREATE TABLE films (id int PRIMARY KEY, name text); INSERT INTO films VALUES (1, 'one'), (2, NULL)");
  extract("supabase.extractor", {{"query", "SELECT * FROM films WHERE id > $1"}, {"params", {1}}});
  EXPECT_EQ(rows(), (Rows{{"2", std::nullopt}}));
  EXPECT_EQ(read_table("films", {{"channel", "postgres"}, {"order", {"id desc"}}, {"limit", 1}}),
            (Rows{{"2", std::nullopt}}));
  EXPECT_TRUE(rest().take_log().empty());
}

TEST_F(SupabaseDsn, AWriterDoesWhateverPostgresDoes) {
  fields = dsn_fields();
  fields.update(rest_fields());
  EXPECT_EQ(write("SELECT 1 AS id", {{"write_mode", "replace"}, {"create_if_missing", true}}), 1U);
  EXPECT_EQ(write("SELECT 2 AS id, 'new' AS name", {{"on_schema_change", "evolve"}, {"channel", "postgres"}}), 1U);
  EXPECT_EQ(all(), "1\t\n2\tnew\n");
  EXPECT_TRUE(rest().take_log().empty());
}

TEST_F(SupabaseDsn, BothChannelsOfAConnectionAreThere) {
  fields.update(dsn_fields());
  sql("CREATE TABLE films (id int PRIMARY KEY)");
  EXPECT_EQ(read_table("films", {{"channel", "rest"}}), Rows{});
  EXPECT_EQ(rest().take_log().size(), 2U);
}

TEST_F(SupabaseDsn, AChannelNeedsItsFields) {
  fields = {{"schema", "t"}};
  EXPECT_EQ(table_error("films"),
            "error: cannot use channel 'auto': the connection has neither pg_dsn nor url nor project_id\n"
            "  hint: url: https://<project>.supabase.co with service_role_key, or pg_dsn, say where the project is");
  EXPECT_EQ(table_error("films", {{"channel", "postgres"}}),
            "error: cannot use channel 'postgres': the connection has no pg_dsn\n"
            "  hint: pg_dsn: ${SUPABASE_DSN} names the database or its pooler; channel: rest needs none");
  EXPECT_EQ(table_error("films", {{"channel", "rest"}}),
            "error: cannot use channel 'rest': the connection has neither url nor project_id\n"
            "  hint: url: https://<project>.supabase.co with service_role_key, or pg_dsn, say where the project is");
  fields = {{"project_id", "abc"}};
  EXPECT_EQ(write_error("SELECT 1 AS id", {}).to_display(),
            "error: cannot use channel 'rest': the connection has no key\n"
            "  hint: service_role_key: ${SUPABASE_KEY} gives one; key and anon_key do so as well");
}

TEST_F(SupabaseDsn, AWriterNeedsItsInput) {
  EXPECT_THAT(error_of("supabase.writer", {{"table", "w"}}).message,
              HasSubstr("supabase.writer requires 'df' input"));
}

TEST_F(SupabaseExtractor, AnswersAreAskedForAndReadCompressed) {
  sql("CREATE TABLE films (id int PRIMARY KEY, name text); INSERT INTO films SELECT i, 'film ' || i FROM "
      "generate_series(1, 5000) AS i");
  read_table("films", {{"batch_size", 1000}});
  EXPECT_EQ(count("SELECT count(*) FROM frame WHERE name = 'film ' || id"), 5000U);
  const PackedBytes bytes = rest().take_packed_bytes();
  EXPECT_GT(bytes.plain, 100'000U);
  EXPECT_LT(bytes.sent * 4, bytes.plain);
  const Error error = error_of("supabase.extractor", {{"table", "films"}, {"filter", "nothing > 1"}});
  EXPECT_THAT(error.message, HasSubstr("column \"nothing\" does not exist"));
  EXPECT_GT(rest().take_packed_bytes().sent, 0U);
}

/// A table with every type that the extractors know, which both channels must read alike.
TEST_F(SupabaseExtractor, RestGivesWhatTheBinaryProtocolGives) {
  sql("CREATE TYPE mood AS ENUM ('sad', 'ok');"
      "CREATE TABLE types (id int PRIMARY KEY, b boolean, i2 smallint, i8 bigint, n numeric(38,10), m numeric(12,2), "
      "r real, d double precision, t text, c character(5), \"Odd \"\"name, x\" varchar(9), by bytea, da date, ti "
      "time, "
      "tz timetz, ts timestamp, tst timestamptz, iv interval, u uuid, j json, jb jsonb, ia integer[], ta text[], "
      "na numeric(38,10)[], ip inet, o mood, ra int4range);"
      "INSERT INTO types VALUES "
      "(1, true, -32768, 9007199254740993, -12345678901234567890.0123456789, 9999999999.99, 1.5, 0.1, "
      "'žluť \"x\", \\ 🐎', 'abc', '', '\\x00ff41', '2024-02-29', '23:59:59.999999', '12:00:00+05:30', "
      "'2024-02-29 12:00:00.000001', '2024-07-01 12:00:00.5+02', '1 year 2 months -3 days 04:05:06.000007', "
      "'ffffffff-0000-4000-8000-000000000001', '{\"a\": 1, \"a\": 2}', '{\"b\": 12345678901234567890.5}', "
      "'{1,NULL,3}', '{\"a,b\",\"say \\\"x\\\"\",NULL,\"NULL\",\"\"}', '{1.5,-2}', '10.0.0.1', 'ok', '[1,5)'), "
      "(2, false, 32767, -9223372036854775808, 0.0000000001, -0.05, 'Infinity', 'NaN', '', 'a', 'NULL', '', "
      "'4713-01-01 BC', '24:00:00', '00:00:00-15:59:59', 'infinity', '0044-03-15 00:00:00+00 BC', "
      "'-1 year -00:00:01', '00000000-0000-0000-0000-000000000000', 'null', '[]', '{}', '{}', '{}', "
      "'2001:db8::1/64', 'sad', 'empty'), "
      "(3, NULL, NULL, NULL, NULL, NULL, '-Infinity', '-0', NULL, NULL, NULL, NULL, 'infinity', NULL, NULL, "
      "'12024-02-29 12:00:00', '-infinity', '5 days', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), "
      "(4, NULL, NULL, NULL, 1e27, NULL, 3.4028235e38, 5e-324, NULL, NULL, NULL, NULL, '5874897-12-31', NULL, NULL, "
      "'0001-01-01 00:00:00', '294246-12-31 00:00:00+00', '-04:05:06.5', NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
      "NULL, NULL)");
  const Json config{{"order", {"id"}}};
  fields = dsn_fields();
  const Rows expected = read_table("types", config);
  const std::vector<std::string> expected_columns = columns();
  fields = rest_fields();
  Json over_rest = config;
  over_rest["types"] = {{"m", "numeric(12,2)"}};
  over_rest["batch_size"] = 1;
  EXPECT_EQ(read_table("types", over_rest), expected);
  EXPECT_EQ(columns(), expected_columns);
}

TEST_F(SupabaseExtractor, PagesFollowThePrimaryKey) {
  sql("CREATE TABLE pages (a text, b int, v int, PRIMARY KEY (a, b)); "
      "INSERT INTO pages SELECT chr(97 + i / 10) || '\"', i % 10, i FROM generate_series(0, 24) i");
  std::vector<std::optional<std::string>> all;
  for (int i = 0; i < 25; ++i) all.emplace_back(std::to_string(i));
  const auto values = [this] {
    std::vector<std::optional<std::string>> cells;
    for (const Row& row : rows()) cells.push_back(row.at(0));
    return cells;
  };
  for (const int page : {1, 4, 5, 24, 25, 26, 1000}) {
    read_table("pages", {{"columns", {"v"}}, {"batch_size", page}});
    EXPECT_EQ(values(), all) << page;
  }
  rest().take_log();
  read_table("pages", {{"columns", {"v"}}, {"batch_size", 12}});
  EXPECT_THAT(rest().take_log(),
              ElementsAre("GET /rest/v1/",
                          "GET /rest/v1/pages?select=c0:v::text,c1:a::text,c2:b::text&limit=12&order=a.asc,b.asc",
                          "GET /rest/v1/pages?select=c0:v::text,c1:a::text,c2:b::text&limit=12&order=a.asc,b.asc"
                          "&and=(or(a.gt.\"b\\\"\",and(a.eq.\"b\\\"\",b.gt.\"1\")))",
                          "GET /rest/v1/pages?select=c0:v::text,c1:a::text,c2:b::text&limit=1&order=a.asc,b.asc"
                          "&and=(or(a.gt.\"c\\\"\",and(a.eq.\"c\\\"\",b.gt.\"3\")))"));
  rest().set_max_rows(3);
  read_table("pages", {{"columns", {"v"}}, {"batch_size", 1000}});
  EXPECT_EQ(values(), all);
  read_table("pages", {{"columns", {"v"}}, {"limit", 7}});
  EXPECT_EQ(values(), std::vector(all.begin(), all.begin() + 7));
  read_table("pages", {{"columns", {"v"}}, {"limit", 0}});
  EXPECT_TRUE(rows().empty());
}

TEST_F(SupabaseExtractor, PagesFollowAnyOrderNullsIncluded) {
  sql("CREATE TABLE pages (id int PRIMARY KEY, v int, w text); INSERT INTO pages "
      "SELECT i, CASE WHEN i % 3 > 0 THEN i % 4 END, CASE WHEN i % 2 > 0 THEN 'x' END FROM generate_series(1, 20) i");
  for (const Json& order : {Json{"v"}, Json{"v desc"}, Json{"w", "v desc"}, Json{"w desc", "v", "id desc"}}) {
    const Json config{{"order", order}};
    fields = dsn_fields();
    Json exact = config;
    if (order.size() < 3) exact["order"].push_back("id");
    const Rows expected = read_table("pages", exact);
    fields = rest_fields();
    for (const int page : {1, 3, 7}) {
      Json paged = config;
      paged["batch_size"] = page;
      EXPECT_EQ(read_table("pages", paged), expected) << order << page;
    }
  }
}

TEST_F(SupabaseExtractor, AFilterMeansWhatItMeansInSql) {
  sql("CREATE TABLE f (id int PRIMARY KEY, \"Kind of\" text, v numeric, ok boolean); INSERT INTO f VALUES "
      "(1, 'a', 1.5, true), (2, 'b''c', 2, false), (3, NULL, NULL, NULL), (4, 'A(x),y', -1, true), (5, 'a\"b', 7, "
      "NULL)");
  for (const char* filter :
       {"id > 1", "ID <= 3 AND v IS NOT NULL", "\"Kind of\" = 'b''c' OR \"Kind of\" IN ('A(x),y', 'a\"b')",
        "NOT (v > 1 AND ok IS TRUE)", "\"Kind of\" LIKE 'a%' OR ok = false", "\"Kind of\" NOT ILIKE 'a%'",
        "v BETWEEN -1 AND 2 AND id <> 2", "ok IS NOT TRUE AND NOT id = 5", "v NOT IN (2, -1)", "v != 1.5e0"}) {
    const Json config{{"filter", filter}, {"order", {"id"}}, {"columns", {"id"}}};
    fields = dsn_fields();
    const Rows expected = read_table("f", config);
    fields = rest_fields();
    EXPECT_EQ(read_table("f", config), expected) << filter;
  }
  EXPECT_EQ(
      table_error("f", {{"filter", "lower(v) = 'x'"}}),
      "error: cannot read table 'f': cannot use the filter over rest: at character 6, a comparison is expected\n"
      "  hint: over rest a filter compares columns with values, joined by AND, OR and NOT; channel: postgres "
      "takes any SQL");
  for (const auto& [filter, why] : std::vector<std::pair<std::string, std::string>>{
           {"id = v", "at character 6, a text between single quotes, a number, TRUE or FALSE is expected"},
           {"id = 1 2", "at character 8, '2' is not expected"},
           {"(id = 1", "at character 8, ')' is expected"},
           {"v LIKE '*'", "at character 8, a pattern cannot hold '*'"},
           {"v = 'x", "at character 5, a quote is not closed"},
           {"v IS 1", "at character 6, NULL, TRUE or FALSE is expected"},
           {"= 1", "at character 1, the name of a column is expected"}}) {
    EXPECT_THAT(table_error("f", {{"filter", filter}}), HasSubstr(why)) << filter;
  }
}

TEST_F(SupabaseExtractor, ATableWithoutKeyHasOnePageOrAnOrder) {
  sql("CREATE TABLE k (v int); INSERT INTO k VALUES (1), (2), (3), (3)");
  EXPECT_EQ(read_table("k").size(), 4U);
  EXPECT_EQ(table_error("k", {{"batch_size", 2}}),
            "error: cannot read table 'k': it has 4 rows, more than a page, and no primary key that pages could "
            "follow\n  hint: order: [column] names what tells its rows apart; channel: postgres needs none");
  EXPECT_EQ(
      table_error("k", {{"batch_size", 3}, {"order", {"v"}}}),
      "error: cannot read table 'k': the server counted 4 rows, and 3 came: some came or went meanwhile, or are "
      "the same in 'order'\n"
      "  hint: an order that ends with a unique column tells all rows apart, a filter can leave out what changes, "
      "and channel: postgres reads under one snapshot");
}

TEST_F(SupabaseExtractor, RowsThatGoMeanwhileAreAnError) {
  sql("CREATE TABLE k (id int PRIMARY KEY); INSERT INTO k SELECT generate_series(1, 10)");
  rest().before_each([](int request) {
    if (request == 3) sql("DELETE FROM k WHERE id > 8");
  });
  EXPECT_THAT(table_error("k", {{"batch_size", 4}}), HasSubstr("the server counted 10 rows, and 8 came"));
}

TEST_F(SupabaseExtractor, MistakesAreNamed) {
  sql("CREATE TABLE films (id int PRIMARY KEY, name text)");
  EXPECT_EQ(
      table_error("flims"),
      "error: cannot read table 'flims': there is no table 'flims' that REST shows\n  hint: did you mean 'films'?");
  EXPECT_EQ(table_error("films", {{"columns", {"nmae"}}}),
            "error: cannot read table 'films': unknown column 'nmae' in 'columns': the table has none of that name\n"
            "  hint: did you mean 'name'?");
  EXPECT_THAT(table_error("films", {{"order", {"nam desc"}}}), HasSubstr("unknown column 'nam' in 'order'"));
  EXPECT_THAT(table_error("films", {{"types", {{"nam", "text"}}}}), HasSubstr("unknown column 'nam' in 'types'"));
  EXPECT_EQ(error_of("supabase.extractor", {{"query", "SELECT 1"}}).to_display(),
            "error: cannot read the query: option 'query' does not go over rest\n"
            "  hint: PostgREST reads tables and views: use table, columns, filter, order and limit; or give the "
            "connection a pg_dsn");
  sql("INSERT INTO films VALUES (1, 'x')");
  EXPECT_EQ(table_error("films", {{"types", {{"name", "int8"}}}}),
            "error: cannot read column 'name' of table 'films', row 1: the server sent 'x', which is no BIGINT\n"
            "  hint: types: {column: …} declares what the column is");
}

TEST_F(SupabaseExtractor, NumbersFollowTheirPolicy) {
  sql("CREATE TABLE n (id int PRIMARY KEY, v numeric); INSERT INTO n VALUES (1, 0.12345678901), (2, 'NaN')");
  EXPECT_THAT(table_error("n"),
              HasSubstr("row 1: the number 0.12345678901 has more digits behind the point than DECIMAL(38,10)"));
  EXPECT_THAT(table_error("n", {{"filter", "id = 2"}}), HasSubstr("row 1: NaN is no DECIMAL(38,10)"));
  EXPECT_EQ(read_table("n", {{"filter", "id = 2"}, {"special_numeric", "null"}}), (Rows{{"2", std::nullopt}}));
  EXPECT_EQ(read_table("n", {{"unbounded_numeric", "text"}}), (Rows{{"1", "0.12345678901"}, {"2", "NaN"}}));
  EXPECT_EQ(read_table("n", {{"unbounded_numeric", "double"}}), (Rows{{"1", "0.12345678901"}, {"2", "nan"}}));
  EXPECT_THAT(table_error("n", {{"types", {{"v", "numeric(3,2)"}}}}), HasSubstr("than DECIMAL(3,2)"));
}

TEST_F(SupabaseWriter, AppendsInBatches) {
  sql("CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, v bigint, name text DEFAULT 'd'); ALTER TABLE w ADD "
      "PRIMARY KEY (id)");
  rest().take_log();
  EXPECT_EQ(write("SELECT range AS v, CASE WHEN range > 0 THEN 'r\"' || range END AS name FROM range(5)",
                  {{"batch_size", 2}}),
            5U);
  EXPECT_EQ(all(), "1\t0\t\n2\t1\tr\"1\n3\t2\tr\"2\n4\t3\tr\"3\n5\t4\tr\"4\n");
  EXPECT_THAT(rest().take_log(), ElementsAre("GET /rest/v1/", "POST /rest/v1/w?columns=v,name",
                                             "POST /rest/v1/w?columns=v,name", "POST /rest/v1/w?columns=v,name"));
  EXPECT_EQ(metric("rows_written"), Json(5));
  EXPECT_EQ(sink().events("write_progress").size(), 3U);
  EXPECT_EQ(write("SELECT 7 AS v", {{"on_schema_change", "ignore"}}), 1U);
  EXPECT_EQ(sql("SELECT name FROM w WHERE v = 7"), "d\n");
  EXPECT_EQ(write("SELECT 1 AS v, 'x' AS name WHERE false", {}), 0U);
}

TEST_F(SupabaseWriter, UpsertUpdatesIgnoresAndMayBeRepeated) {
  sql("CREATE TABLE w (a int, \"b, c\" text, v int, PRIMARY KEY (a, \"b, c\")); INSERT INTO w VALUES (1, 'x', 10), "
      "(2, 'x', 20)");
  const Json config{{"write_mode", "upsert"}, {"primary_key", {"a", "b, c"}}, {"batch_size", 1}};
  const std::string input = "SELECT * FROM (VALUES (2, 'x', 21), (3, 'x', 30)) AS v(a, \"b, c\", v)";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(write(input, config), 2U);
    EXPECT_EQ(all(), "1\tx\t10\n2\tx\t21\n3\tx\t30\n");
  }
  Json ignoring = config;
  ignoring["on_conflict"] = "ignore";
  EXPECT_EQ(write("SELECT * FROM (VALUES (2, 'x', 99), (4, 'x', 40)) AS v(a, \"b, c\", v)", ignoring), 1U);
  EXPECT_EQ(all(), "1\tx\t10\n2\tx\t21\n3\tx\t30\n4\tx\t40\n");
}

TEST_F(SupabaseWriter, KeysThatAreThereTwiceAreShownOrTheLastCounts) {
  sql("CREATE TABLE w (id int PRIMARY KEY, v text)");
  const std::string input =
      "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (1, 'c'), (3, 'd'), (3, 'e'), (3, 'f')) AS v(id, v)";
  EXPECT_EQ(
      write_error(input, {{"write_mode", "upsert"}, {"primary_key", "id"}}).to_display(),
      "error: cannot write table 'w': the input holds keys (id) more than once: (1) 2 times, (3) 3 times\n"
      "  hint: duplicates: last takes the last row of each key; or make them unique in a duckdb.processor step");
  EXPECT_EQ(all(), "");
  EXPECT_EQ(write(input, {{"write_mode", "upsert"}, {"primary_key", "id"}, {"duplicates", "last"}}), 3U);
  EXPECT_EQ(all(), "1\tc\n2\tb\n3\tf\n");
  EXPECT_EQ(
      write_error("SELECT NULL::INTEGER AS id, 'a' AS v", {{"write_mode", "upsert"}, {"primary_key", "id"}}).message,
      "cannot write table 'w': 1 row(s) of the input have NULL in primary_key (id)");
}

TEST_F(SupabaseWriter, WhatCannotBeKeptIsRefusedBeforeAnythingIsSent) {
  sql("CREATE TABLE w AS SELECT 1 AS id");
  rest().take_log();
  EXPECT_EQ(
      write_error("SELECT 1 AS id", {{"write_mode", "replace"}}).to_display(),
      "error: cannot write table 'w': write_mode: replace does not go over rest: each request is a transaction of "
      "its own, so that a failure would leave the table empty or in parts\n"
      "  hint: channel: postgres does it in one transaction; the connection needs a pg_dsn");
  EXPECT_THAT(write_error("SELECT 1 AS id", {{"write_mode", "truncate"}}).message, HasSubstr("write_mode: truncate"));
  EXPECT_THAT(write_error("SELECT 1 AS id", {{"create_if_missing", true}}).message,
              HasSubstr("create_if_missing does not go over rest: PostgREST creates no tables"));
  EXPECT_THAT(write_error("SELECT 1 AS id", {{"on_schema_change", "evolve"}}).message,
              HasSubstr("on_schema_change: evolve does not go over rest: PostgREST changes no tables"));
  EXPECT_TRUE(rest().take_log().empty());
  EXPECT_EQ(all(), "1\n");
}

TEST_F(SupabaseWriter, ColumnsAreComparedWithTheTable) {
  sql("CREATE TABLE w (id int PRIMARY KEY, name text, n numeric(5,2))");
  EXPECT_EQ(write_error("SELECT 1 AS id, 'x' AS nmae, 1.5::DOUBLE AS n", {}).to_display(),
            "error: cannot write table 'w': it has no column 'nmae' (it has 'name'); the input has no column 'name'\n"
            "  hint: on_schema_change: evolve adds columns, ignore leaves them out");
  EXPECT_EQ(write_error("SELECT 1 AS id, 'x' AS name, 1.5::DOUBLE AS n", {}).to_display(),
            "error: cannot write table 'w': column 'n' is DOUBLE in the input and numeric in the table: values could "
            "change\n  hint: cast it in a duckdb.processor step, where it is seen: CAST(\"n\" AS …)");
  EXPECT_EQ(write_error("SELECT 1 AS id", {{"table", "missing"}}).to_display(),
            "error: cannot write table 'missing': there is no table 'missing' that REST shows\n"
            "  hint: NOTIFY pgrst, 'reload schema' in the database tells PostgREST of tables that are new");
}

/// All types of the engine that the PostgreSQL writer creates columns for: REST must leave the same rows there.
TEST_F(SupabaseWriter, RestWritesWhatCopyWrites) {
  const std::string input =
      "SELECT * EXCLUDE (c_time_ns, c_timestamp_ns) REPLACE (replace(c_varchar, chr(0), '0') AS c_varchar, "
      "json_extract('{\"a\": 12345678901234567890.5}', '$') AS c_digits, CASE row_number WHEN 0 THEN c_json END AS "
      "c_json) FROM (SELECT *, '1' AS c_digits, [1, NULL, "
      "3] "
      "AS "
      "c_ints, [1.50, -2.25] AS c_decimals, ['a,\"b\"', ''] AS c_texts FROM (" +
      all_types_sql() + ")) WHERE row_number < 2";
  make_frame(input, "all");
  std::vector<std::string> kept;
  for (const engine::Column& column : connection().describe("FROM \"all\"")) {
    kept.push_back(engine::quote_identifier(column.name));
  }
  std::string list;
  for (const std::string& name : kept) list += (list.empty() ? "" : ", ") + name;
  fields = dsn_fields();
  write("SELECT " + list + " FROM \"all\"", {{"table", "w"}, {"create_if_missing", true}});
  sql("CREATE TABLE over_rest (LIKE w)");
  fields = rest_fields();
  write("SELECT " + list + " FROM \"all\"", {{"table", "over_rest"}});
  for (const std::string& name : kept) {
    const std::string select = "SELECT " + name + " FROM ";
    EXPECT_EQ(sql(select + "over_rest"), sql(select + "w")) << name;
  }
}

TEST_F(SupabaseWriter, ATextThatIsNoJsonGetsNoFurther) {
  sql("CREATE TABLE w (id int, j jsonb)");
  EXPECT_EQ(write_error("SELECT 1 AS id, '1},{\"id\": 666' AS j", {}).message,
            "cannot write table 'w': column 'j', row 1: the text is no JSON");
  EXPECT_EQ(write_error("SELECT 1 AS id, ' null ' AS j", {}).message,
            "cannot write table 'w': column 'j', row 1: JSON's null would become NULL over rest");
  EXPECT_EQ(all(), "");
}

}  // namespace
}  // namespace spillway::testing
