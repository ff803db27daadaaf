#include "frame/spill.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "engine/database.hpp"
#include "engine/sql.hpp"
#include "support/all_types.hpp"
#include "support/temp_dir.hpp"
#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::frame {
namespace {

class SpillTest : public ::testing::Test {
 protected:
  /// Spills `select_sql` and reads it back as the table `back`; the table `original` holds the same in memory.
  void round_trip(const std::string& select_sql) {
    m_connection.execute("CREATE OR REPLACE TABLE original AS " + select_sql);
    m_schema = m_connection.describe(select_sql);
    m_outcome = write_spill(m_connection, select_sql, m_schema, m_dir / "artifacts/step", {});
    m_connection.execute("CREATE OR REPLACE TABLE back AS " + read_spill_sql(m_outcome.parquet_path, m_schema));
  }

  std::uint64_t rows_that_differ() {
    // Text tells apart what equality does not: -0.0 and 0.0, a zone's offset, an interval's parts, a union's tag.
    return m_connection.count(
        "SELECT count(*) FROM (SELECT rowid AS id, CAST(a AS VARCHAR) AS v FROM original AS a) FULL JOIN "
        "(SELECT rowid AS id, CAST(b AS VARCHAR) AS w FROM back AS b) USING (id) WHERE v IS DISTINCT FROM w");
  }

  testing::TempDir m_dir;
  engine::Database m_database{{}};
  engine::Connection m_connection = m_database.connect();
  engine::Schema m_schema;
  SpillOutcome m_outcome;
};

TEST_F(SpillTest, EveryTypeAndValueSurvives) {
  round_trip(testing::all_types_sql());
  EXPECT_EQ(rows_that_differ(), 0U);
  EXPECT_EQ(m_connection.describe("FROM back"), m_connection.describe("FROM original"));
  for (const engine::Column& column : m_schema) {
    const std::string name = engine::quote_identifier(column.name);
    EXPECT_EQ(m_connection.count(fmt::format("SELECT count(*) FROM original AS a JOIN back AS b USING (row_number) "
                                             "WHERE CAST(a.{0} AS VARCHAR) IS DISTINCT FROM CAST(b.{0} AS VARCHAR)",
                                             name)),
              0U)
        << column.name;
  }
}

TEST_F(SpillTest, AUnionKeepsItsTag) {
  round_trip(testing::all_types_sql());
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM original AS a JOIN back AS b USING (row_number) WHERE "
                               "union_tag(a.c_union) IS DISTINCT FROM union_tag(b.c_union)"),
            0U);
}

TEST_F(SpillTest, TheSumOfIntegersStaysExact) {
  round_trip("SELECT sum(n) AS total FROM (VALUES (9223372036854775807), (9223372036854775807), (1)) AS t(n)");
  EXPECT_EQ(m_connection.rows("SELECT CAST(total AS VARCHAR), typeof(total) FROM back")[0],
            (std::vector<std::optional<std::string>>{"18446744073709551615", "HUGEINT"}));
}

TEST_F(SpillTest, OrderSurvives) {
  round_trip("SELECT range AS n FROM range(500000) ORDER BY hash(range)");
  EXPECT_EQ(rows_that_differ(), 0U);
}

TEST_F(SpillTest, NoRowsAreAFrameToo) {
  round_trip(fmt::format("{} WHERE false", testing::all_types_sql()));
  EXPECT_EQ(m_outcome.row_count, 0U);
  EXPECT_EQ(m_connection.describe("FROM back"), m_connection.describe("FROM original"));
}

TEST_F(SpillTest, TwoThousandColumnsSurvive) {
  std::string sql = "SELECT 0 AS c0";
  for (int i = 1; i < 2000; ++i) sql += fmt::format(", {0} + range AS c{0}", i);
  round_trip(sql + " FROM range(100)");
  EXPECT_EQ(m_schema.size(), 2000U);
  EXPECT_EQ(rows_that_differ(), 0U);
}

TEST_F(SpillTest, SchemaJsonHasTheFieldsOfTheGuide) {
  round_trip("SELECT CAST(1 AS BIGINT) AS id, 'x' AS b, sum(range) AS a FROM range(3)");
  EXPECT_EQ(value_or_throw(read_file(m_outcome.schema_path)), R"({
  "row_count": 1,
  "columns": [
    "id",
    "b",
    "a"
  ],
  "dtypes": {
    "id": "BIGINT",
    "b": "VARCHAR",
    "a": "HUGEINT"
  }
}
)");
}

/// As many chunks of two columns as asked for; then the end, or a lost connection.
class Lines : public engine::ChunkSource {
 public:
  Lines(std::uint64_t chunks, bool fails) : m_chunks(chunks), m_fails(fails) {}
  const engine::Schema& schema() const override { return m_schema; }
  std::unique_ptr<engine::ChunkReader> open_reader() override { return std::make_unique<Reader>(*this); }

 private:
  class Reader : public engine::ChunkReader {
   public:
    explicit Reader(Lines& lines) : m_lines(lines) {}
    std::uint64_t read(engine::ChunkWriter& chunk) override {
      if (m_chunk == m_lines.m_chunks && m_lines.m_fails) {
        fail(ErrorCode::connection, "lost the connection", "check the cable");
      }
      if (m_chunk == m_lines.m_chunks) return 0;
      const std::uint64_t rows = engine::ChunkWriter::capacity();
      for (std::uint64_t row = 0; row < rows; ++row) {
        chunk.column(0).set(row, static_cast<std::int64_t>(m_chunk * rows + row));
        chunk.column(1).set_text(row, "a text of more than twelve bytes");
      }
      ++m_chunk;
      return rows;
    }

   private:
    Lines& m_lines;
    std::uint64_t m_chunk = 0;
  };

  engine::Schema m_schema{{"n", engine::TypeId::bigint}, {"t", engine::TypeId::varchar}};
  std::uint64_t m_chunks;
  bool m_fails;
};

TEST_F(SpillTest, TheRowsOfASourceSurvive) {
  Lines lines(100, false);
  const SpillOutcome outcome = write_spill(lines, lines.schema(), m_dir / "artifacts/step", {});
  EXPECT_EQ(outcome.row_count, 204'800U);
  EXPECT_EQ(outcome.parquet_bytes, std::filesystem::file_size(m_dir / "artifacts/step/output.parquet"));
  EXPECT_EQ(m_connection.count(fmt::format("SELECT count(*) FROM ({}) WHERE t = 'a text of more than twelve bytes'",
                                           read_spill_sql(outcome.parquet_path, lines.schema()))),
            204'800U);
  EXPECT_EQ(value_or_throw(read_file(outcome.schema_path)), schema_json(lines.schema(), 204'800));
}

TEST_F(SpillTest, AFailedSourceSaysWhyAndLeavesNoFile) {
  Lines lines(100, true);
  try {
    write_spill(lines, lines.schema(), m_dir / "artifacts/step", {});
    ADD_FAILURE() << "was written";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().full_message(), "lost the connection");
    EXPECT_EQ(exception.error().hint, "check the cable");
  }
  EXPECT_TRUE(std::filesystem::is_empty(m_dir / "artifacts/step"));
}

TEST_F(SpillTest, ASourceIsWatchedAsAStatementIs) {
  Lines lines(UINT64_MAX, false);
  CancelToken cancel;
  std::vector<std::uint64_t> rows;
  engine::StatementControl control{.cancel = &cancel};
  control.poll = [&](const engine::Progress& progress) {
    rows.push_back(progress.rows);
    if (rows.size() == 3) cancel.cancel();
    return false;
  };
  const auto error = [&] {
    try {
      write_spill(lines, lines.schema(), m_dir / "artifacts/step", control);
    } catch (const Exception& exception) {
      return exception.error();
    }
    return make_error(ErrorCode::internal, "it came to its end");
  };
  EXPECT_EQ(error().code, ErrorCode::cancelled);
  EXPECT_EQ(rows.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(rows));
  EXPECT_GT(rows.front(), 0U);
  control = {.poll = [](const engine::Progress&) { return true; }};
  EXPECT_EQ(error().code, ErrorCode::cancelled);
  EXPECT_TRUE(std::filesystem::is_empty(m_dir / "artifacts/step"));
}

TEST_F(SpillTest, ASpillThatCannotBeWrittenSaysWhere) {
  Lines lines(1, false);
  const std::filesystem::path folder = m_dir / "artifacts/step";
  std::filesystem::create_directories(folder / ".output.parquet.spill.tmp");
  try {
    write_spill(lines, lines.schema(), folder, {});
    ADD_FAILURE() << "was written";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().full_message(),
              fmt::format("cannot write '{0}/.output.parquet.spill.tmp': Is a directory, while spilling to "
                          "'{0}/output.parquet'",
                          folder.string()));
  }
}

TEST_F(SpillTest, AFailedSpillLeavesNoFile) {
  const std::string failing =
      "SELECT CASE WHEN range = 900000 THEN error('boom') ELSE 'x' END AS a FROM range(1000000)";
  EXPECT_THROW(write_spill(m_connection, failing, m_connection.describe(failing), m_dir / "artifacts/step", {}),
               Exception);
  EXPECT_TRUE(std::filesystem::is_empty(m_dir / "artifacts/step"));
}

}  // namespace
}  // namespace spillway::frame
