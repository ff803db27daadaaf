#include "frame/parquet/file_writer.hpp"

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/database.hpp"
#include "engine/result.hpp"
#include "engine/sql.hpp"
#include "support/all_types.hpp"
#include "support/long_form.hpp"
#include "support/temp_dir.hpp"
#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::frame::parquet {
namespace {

using engine::quote_identifier;
using engine::quote_literal;
using Cells = std::vector<std::optional<std::string>>;

/// Values of a type, made of `n`, the number of a row, and `h`, a random BIGINT of it that is not negative.
struct Values {
  std::string type;
  std::string expression;
};

const std::vector<Values> k_values{
    {"BOOLEAN", "h % 2 = 0"},
    {"TINYINT", "h % 256 - 128"},
    {"SMALLINT", "h % 65536 - 32768"},
    {"INTEGER", "h % 4294967296 - 2147483648"},
    {"INTEGER", "n"},
    {"INTEGER", "n // 1000"},
    {"INTEGER", "IF(n % 2 = 0, -2147483648, 2147483647)"},
    {"BIGINT", "(h - 4611686018427387904) * 2"},
    {"BIGINT", "n * 1000000007"},
    {"BIGINT", "IF(n % 2 = 0, -9223372036854775808, 9223372036854775807)"},
    {"UTINYINT", "h % 256"},
    {"USMALLINT", "h % 65536"},
    {"UINTEGER", "h % 4294967296"},
    {"UBIGINT", "h::HUGEINT * 2 + 1"},
    {"FLOAT", "CASE n % 7 WHEN 0 THEN 'nan' WHEN 1 THEN '-inf' WHEN 2 THEN '-0.0' ELSE CAST(h AS VARCHAR) END"},
    {"DOUBLE",
     "CASE n % 7 WHEN 0 THEN 'nan' WHEN 1 THEN 'inf' WHEN 2 THEN '-0.0' WHEN 3 THEN '5e-324' ELSE CAST(h / 3 AS "
     "VARCHAR) END"},
    {"DECIMAL(4,2)", "(h % 19999 - 9999) / 100"},
    {"DECIMAL(9,3)", "(h % 1999999999 - 999999999) / 1000"},
    {"DECIMAL(18,0)", "h % 1999999999999999999 - 999999999999999999"},
    {"DECIMAL(38,0)", "(h::HUGEINT - 4611686018427387904) * 10000000000000000000"},
    {"DATE", "DATE '1970-01-01' + CAST(h % 200000 AS INTEGER) - 100000"},
    {"DATE", "IF(n % 2 = 0, 'infinity', '-infinity')"},
    {"TIME", "TIME '00:00:00' + to_microseconds(h % 86400000000)"},
    {"TIME_NS", "CAST(TIME '00:00:00' + to_microseconds(h % 86400000000) AS VARCHAR)"},
    {"TIMESTAMP", "make_timestamp(h % 4000000000000000 - 2000000000000000)"},
    {"TIMESTAMP", "CASE n % 3 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE '0001-01-01 00:00:00.000001' END"},
    {"TIMESTAMPTZ", "CASE n % 3 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE '2026-03-29 01:30:00.5+01' END"},
    {"TIMESTAMP_NS", "make_timestamp_ns(h)"},
    {"VARCHAR", "['', 'AIR', 'REG AIR', 'DELIVER IN PERSON', 'a' || chr(0), 'ünïcode'][h % 6 + 1]"},
    {"VARCHAR", "'the same for all'"},
    {"VARCHAR", "'few, then many: ' || IF(n < 50000, n % 10, n)"},
    {"VARCHAR", "repeat('x', h % 40)"},
    {"VARCHAR", "h"},
    {"BLOB", "unhex(format('{:016x}', h))"},
    {"JSON", "'{\"n\": ' || h % 100 || '}'"},
    {"UUID", "CAST(md5(CAST(n AS VARCHAR)) AS UUID)"},
};

class FileWriterTest : public ::testing::Test {
 protected:
  /// Writes the rows of `select_sql`, which are in the table `original` then.
  void write(const std::string& select_sql) {
    m_connection.execute("CREATE OR REPLACE TABLE original AS " + select_sql);
    write_table(m_path);
  }

  void write_table(const std::filesystem::path& path) {
    const engine::Schema schema = m_connection.describe("FROM original");
    ASSERT_TRUE(FileWriter::can_write(schema));
    FileWriter writer(path, schema);
    engine::ResultStream rows = m_connection.stream("FROM original");
    while (const std::optional<engine::Chunk> chunk = rows.next()) writer.write(chunk->columns(), chunk->row_count());
    writer.finish();
    EXPECT_EQ(writer.row_count(), m_connection.count("SELECT count(*) FROM original"));
  }

  /// Fails unless the engine reads back what was written, to the bit.
  void expect_the_same() {
    m_connection.execute("CREATE OR REPLACE TABLE back AS FROM " + file());
    const engine::Schema schema = m_connection.describe("FROM original");
    ASSERT_EQ(m_connection.describe("FROM back"), schema);
    ASSERT_EQ(m_connection.count("SELECT count(*) FROM back"), m_connection.count("SELECT count(*) FROM original"));
    // Text tells apart -0.0 and 0.0.
    const std::string differing =
        "SELECT CAST(a AS VARCHAR), CAST(b AS VARCHAR) FROM original AS a JOIN back AS b ON a.rowid = b.rowid WHERE "
        "CAST(a AS VARCHAR) IS DISTINCT FROM CAST(b AS VARCHAR) LIMIT 1";
    EXPECT_EQ(m_connection.rows(differing), std::vector<Cells>());
  }

  std::string file() const { return fmt::format("read_parquet({})", quote_literal(m_path.string())); }
  std::vector<Cells> metadata(const std::string& what) {
    return m_connection.rows(
        fmt::format("SELECT {} FROM parquet_metadata({})", what, quote_literal(m_path.string())));
  }

  testing::TempDir m_dir;
  std::filesystem::path m_path = m_dir / "rows.parquet";
  engine::Database m_database{{}};
  engine::Connection m_connection = m_database.connect();
};

std::string cast(const Values& values) { return fmt::format("CAST({} AS {})", values.expression, values.type); }

/// Every kind of values in a column of its own, through `shape`, which has a {} for the value.
std::string select_values(std::string_view shape, std::uint64_t rows) {
  std::string sql = "SELECT n";
  for (std::size_t i = 0; i < k_values.size(); ++i) {
    sql += fmt::format(", {} AS c{}", fmt::format(fmt::runtime(shape), cast(k_values[i])), i);
  }
  return fmt::format("{} FROM (SELECT range AS n, CAST(hash(range) // 2 AS BIGINT) AS h FROM range({}))", sql, rows);
}

TEST_F(FileWriterTest, ValuesOfEveryTypeComeBackFromSeveralRowGroups) {
  write(select_values("{}", 130'000));
  expect_the_same();
  EXPECT_EQ(metadata("max(row_group_id), max(row_group_num_rows), min(compression), max(compression)"),
            (std::vector<Cells>{{"1", "122880", "ZSTD", "ZSTD"}}));
}

TEST_F(FileWriterTest, NullsComeBackWhereTheyWere) {
  write(select_values("CASE WHEN h // 7 % 5 > 0 THEN {} END", 50'000));
  expect_the_same();
}

TEST_F(FileWriterTest, PagesWithoutAValueComeBack) {
  write(select_values("CASE WHEN n BETWEEN 30000 AND 30010 THEN {} END", 130'000));
  expect_the_same();
  write(select_values("CASE WHEN n > 1000000 THEN {} END", 3));
  expect_the_same();
}

TEST_F(FileWriterTest, TheExtremesOfEveryTypeComeBack) {
  m_connection.execute("CREATE TABLE everything AS " + testing::all_types_sql());
  std::string columns;
  for (const engine::Column& column : m_connection.describe("FROM everything")) {
    if (FileWriter::can_write({column})) columns += (columns.empty() ? "" : ", ") + quote_identifier(column.name);
  }
  write(fmt::format("SELECT {} FROM everything", columns));
  EXPECT_EQ(m_connection.describe("FROM original").size(), 28U);
  expect_the_same();
}

TEST_F(FileWriterTest, NoRowsAndNoColumnOfEachKindAreAFile) {
  write(select_values("{}", 0));
  expect_the_same();
}

TEST_F(FileWriterTest, LongTextsAndManyColumnsEndPagesAndRowGroupsSooner) {
  write("SELECT repeat(CAST(hash(range) AS VARCHAR), 2000) AS long, 'x' AS short FROM range(2100)");
  expect_the_same();
  EXPECT_GT(
      m_connection.count("SELECT max(row_group_id) FROM parquet_metadata(" + quote_literal(m_path.string()) + ")"),
      0U);
  std::string sql = "SELECT 0 AS c0";
  for (int i = 1; i < 1000; ++i) sql += fmt::format(", {0} + range AS c{0}", i);
  write(sql + " FROM range(3000)");
  expect_the_same();
}

TEST_F(FileWriterTest, FewTextsAreADictionaryAndManyAreNot) {
  write(
      "SELECT n % 10 || '' AS few, n || '' AS many, IF(n < 50000, n % 10, n) || '' AS both, NULL::VARCHAR AS none "
      "FROM range(100000) AS rows(n)");
  EXPECT_EQ(metadata("encodings, dictionary_page_offset IS NULL"),
            (std::vector<Cells>{{"PLAIN, RLE, RLE_DICTIONARY", "false"},
                                {"RLE, DELTA_LENGTH_BYTE_ARRAY", "true"},
                                {"PLAIN, RLE, DELTA_LENGTH_BYTE_ARRAY, RLE_DICTIONARY", "false"},
                                {"PLAIN, RLE", "true"}}));
  expect_the_same();
}

TEST_F(FileWriterTest, BoundsLetTheEngineSkipRowGroupsAndNoRow) {
  write(select_values("CASE WHEN n % 3 > 0 THEN {} END", 130'000));
  for (std::size_t i = 0; i < k_values.size(); ++i) {
    for (const std::string_view aggregate : {"min", "max"}) {
      const auto found = [&](const std::string& from) {
        return m_connection.count(fmt::format(
            "SELECT count(*) FROM {0} WHERE c{1} = (SELECT {2}(c{1}) FROM original)", from, i, aggregate));
      };
      EXPECT_EQ(found(file()), found("original")) << k_values[i].type << " " << aggregate;
    }
  }
  EXPECT_EQ(metadata("DISTINCT path_in_schema, stats_min_value, stats_max_value, stats_null_count").size(), 74U);
  write(
      "SELECT n::INTEGER AS i, n::UBIGINT AS u, DATE '2026-01-01' + n::INTEGER AS d, CAST(n / 100 AS DECIMAL(15,2)) "
      "AS m, "
      "n || '' AS t FROM range(122880) AS rows(n)");
  EXPECT_EQ(metadata("stats_min_value, stats_max_value, stats_null_count"),
            (std::vector<Cells>{{"0", "122879", "0"},
                                {"0", "122879", "0"},
                                {"2026-01-01", "2362-06-08", "0"},
                                {"0.00", "1228.79", "0"},
                                {std::nullopt, std::nullopt, "0"}}));
}

TEST_F(FileWriterTest, TheSameRowsGiveTheSameBytes) {
  write(select_values("CASE WHEN h // 7 % 5 > 0 THEN {} END", 30'000));
  write_table(m_dir / "again.parquet");
  EXPECT_EQ(value_or_throw(read_file(m_path)), value_or_throw(read_file(m_dir / "again.parquet")));
}

TEST_F(FileWriterTest, NestedTypesAndThoseThatParquetChangesAreNotWritten) {
  for (const std::string_view type :
       {"INTEGER[]", "INTEGER[3]", "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)", "UNION(a INTEGER, b VARCHAR)",
        "HUGEINT", "UHUGEINT", "BIGNUM", "BIT", "TIMETZ", "INTERVAL", "ENUM('a')", "TIMESTAMP_S", "TIMESTAMP_MS",
        "GEOMETRY", "VARIANT"}) {
    const engine::Schema schema = m_connection.describe(fmt::format("SELECT CAST(NULL AS {}) AS c", type));
    EXPECT_FALSE(FileWriter::can_write(schema)) << type;
  }
}

TEST_F(FileWriterTest, AFileThatCannotBeWrittenIsNamed) {
  const auto message = [&](const std::filesystem::path& path) {
    try {
      FileWriter writer(path, {{"n", engine::TypeId::bigint}});
      writer.finish();
    } catch (const Exception& exception) {
      return exception.error().full_message();
    }
    return std::string();
  };
  EXPECT_EQ(message("/nowhere/rows.parquet"), "cannot write '/nowhere/rows.parquet': No such file or directory");
  EXPECT_EQ(message("/dev/full"), "cannot write '/dev/full': No space left on device");
}

TEST_F(FileWriterTest, APageOfMoreThanTwoGigabytesIsRefused) {
  if (!testing::is_long_form()) GTEST_SKIP() << "the long form takes 5 GB of memory";
  const engine::Schema schema = m_connection.describe("SELECT 'a' AS t");
  FileWriter writer(m_path, schema);
  engine::ResultStream rows = m_connection.stream("SELECT repeat('x', 1100000000) AS t FROM range(2)");
  const std::optional<engine::Chunk> chunk = rows.next();
  try {
    writer.write(chunk->columns(), chunk->row_count());
    ADD_FAILURE() << "was written";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().full_message(),
              "2 rows have 2200000016 bytes in one column; Parquet holds 2 GB in a page, in column 't'");
  }
}

}  // namespace
}  // namespace spillway::frame::parquet
