#include "frame/frame_stream.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "engine/database.hpp"
#include "frame/frame_cache.hpp"
#include "support/recording_sink.hpp"
#include "support/temp_dir.hpp"

namespace spillway::frame {
namespace {

using protocol::Json;

constexpr auto k_every_type_sql =
    "SELECT range AS id, range::HUGEINT AS h, range::DECIMAL(18,4) AS d, (range % 2 = 0) AS b, 'text ' || range AS "
    "t, "
    "TIMESTAMPTZ '2026-01-01 10:00:00+02' AS tz, INTERVAL 3 DAY AS i, [range, NULL] AS l, {'a': range, 'b': 'x'} AS "
    "s, "
    "MAP {'k': range} AS m, CASE WHEN range % 3 = 0 THEN NULL ELSE range END AS n, 'x'::BLOB AS bl, "
    "uuid '00000000-0000-0000-0000-00000000002a' AS u, 'small'::ENUM('small', 'large') AS e FROM range(100000)";

std::optional<Error> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Exception& exception) {
    return exception.error();
  }
  return std::nullopt;
}

class FrameStreamTest : public ::testing::Test {
 protected:
  static engine::Relation relation(std::string sql) {
    engine::Relation relation;
    relation.sql = std::move(sql);
    return relation;
  }
  /// Streams the rows of a statement in a thread of its own, as a step does; returns once they may be read.
  void start(const std::string& sql) {
    m_maker = std::thread([this, sql] {
      engine::Connection connection = m_database.connect();
      engine::StatementControl control;
      control.cancel = &m_cancel;
      m_maker_error = error_of([&] {
        m_rows = m_cache.stream("extract", relation(sql), connection, control, [this] { m_is_open = true; });
      });
      // As the session does once it has reported the error.
      if (m_maker_error) m_cache.fail_stream("extract");
    });
    while (!m_is_open) std::this_thread::yield();
  }
  ResolvedInput resolve() { return m_cache.resolve_inputs("write", m_inputs, &m_reader_cancel)[0]; }
  void end(bool has_failed = false) {
    m_cache.end_reading(m_inputs, has_failed);
    m_maker.join();
  }

  testing::TempDir m_dir;
  testing::RecordingSink m_sink;
  engine::Database m_database{{}};
  FrameCache m_cache{m_database, {.spill_bytes = UINT64_MAX, .budget_bytes = UINT64_MAX}, m_dir.path(), m_sink};
  const std::map<std::string, protocol::InputRef> m_inputs{{"df", {"extract", "df"}}};
  CancelToken m_cancel;
  CancelToken m_reader_cancel;
  std::atomic<bool> m_is_open{false};
  std::thread m_maker;
  std::optional<Error> m_maker_error;
  std::uint64_t m_rows = 0;
  engine::Connection m_connection = m_database.connect();
};

TEST_F(FrameStreamTest, EveryTypeComesAsItWasAndInOrder) {
  start(k_every_type_sql);
  {
    const ResolvedInput input = resolve();
    m_connection.execute("CREATE TABLE streamed AS " + input.select_sql);
    EXPECT_EQ(input.stream->rows_taken(), 100'000U);
  }
  end();
  EXPECT_EQ(m_rows, 100'000U);
  EXPECT_FALSE(m_maker_error);
  m_connection.execute(std::string("CREATE TABLE made AS ") + k_every_type_sql);
  EXPECT_EQ(m_connection.rows("DESCRIBE streamed"), m_connection.rows("DESCRIBE made"));
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM (SELECT * FROM streamed EXCEPT ALL SELECT * FROM made)"), 0U);
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM streamed WHERE id <> rowid"), 0U);
}

TEST_F(FrameStreamTest, ItsInputIsResolvedWithoutARowCountAndIsNoFrame) {
  start("SELECT 1 AS n");
  {
    const ResolvedInput input = resolve();
    EXPECT_TRUE(input.is_whole());
    EXPECT_EQ(m_connection.count("SELECT sum(n) FROM (" + input.select_sql + ")"), 1U);
    EXPECT_FALSE(input.is_whole());
  }
  end();
  const Json event = m_sink.events("inputs_resolved").at(0);
  EXPECT_TRUE(event["rows"].is_null());
  EXPECT_EQ(event["streamed"], true);
  EXPECT_EQ(event["from_memory"], false);
  EXPECT_EQ(event["from_spill"], false);
  EXPECT_FALSE(event.contains("artifact"));
  EXPECT_TRUE(m_cache.frames().empty());
}

TEST_F(FrameStreamTest, WhoComesLaterHearsWhereTheRowsWent) {
  start("SELECT 1 AS n");
  { m_connection.count("SELECT sum(n) FROM (" + resolve().select_sql + ")"); }
  end();
  const std::optional<Error> error = error_of([&] { resolve(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message,
            "Input 'df' not found for step 'write': step 'extract' left no DataFrame in memory (step_outputs) and no "
            "spill file at artifacts/extract/output.parquet (its rows went to the step that reads it, as it has "
            "materialize: stream).");
}

TEST_F(FrameStreamTest, ASecondStatementIsToldWhyItGetsNothing) {
  start("SELECT range AS n FROM range(10)");
  {
    const ResolvedInput input = resolve();
    m_connection.count("SELECT sum(n) FROM (" + input.select_sql + ")");
    const std::optional<Error> error = error_of([&] { m_connection.execute(input.select_sql); });
    ASSERT_TRUE(error);
    EXPECT_NE(error->message.find("the rows of step 'extract' can be read once, as it has materialize: stream"),
              std::string::npos)
        << error->message;
  }
  end();
}

TEST_F(FrameStreamTest, ASecondStepGetsNoneOfTheRows) {
  start("SELECT range AS n FROM range(10)");
  {
    const ResolvedInput first = resolve();
    const ResolvedInput second = resolve();
    EXPECT_EQ(m_connection.count("SELECT sum(n) FROM (" + first.select_sql + ")"), 45U);
    EXPECT_TRUE(error_of([&] { m_connection.execute(second.select_sql); }));
  }
  end();
}

TEST_F(FrameStreamTest, TheMakerIsAFewChunksAheadAndNoMore) {
  start("SELECT range AS n FROM range(1000000000000)");
  const ResolvedInput input = resolve();
  {
    engine::ResultStream rows = m_connection.stream(input.select_sql);
    ASSERT_TRUE(rows.next());
  }
  end();
  EXPECT_FALSE(m_maker_error) << "who reads a part has had enough";
  EXPECT_GT(m_rows, 0U);
  EXPECT_LT(m_rows, 100'000'000U);
  EXPECT_EQ(m_rows, input.stream->rows_taken());
}

TEST_F(FrameStreamTest, WhenTheReaderFailsTheMakerIsCancelled) {
  start("SELECT range AS n FROM range(1000000000000)");
  end(/*has_failed=*/true);
  ASSERT_TRUE(m_maker_error);
  EXPECT_EQ(m_maker_error->code, ErrorCode::cancelled);
  EXPECT_EQ(m_maker_error->message, "cancelled: the step that reads its rows failed");
}

TEST_F(FrameStreamTest, WhenTheMakerFailsTheReaderHasNoEnd) {
  // The bad row is further away than the engine and the stream are ahead of who reads.
  start("SELECT CASE WHEN range = 1999999 THEN error('no more') ELSE range END AS n FROM range(2000000)");
  EXPECT_FALSE(m_cache.broken_input(m_inputs));
  {
    const ResolvedInput input = resolve();
    EXPECT_TRUE(error_of([&] { m_connection.execute("CREATE TABLE streamed AS " + input.select_sql); }));
  }
  const std::optional<Error> broken = m_cache.broken_input(m_inputs);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->code, ErrorCode::cancelled);
  EXPECT_EQ(broken->message, "cancelled: step 'extract', whose rows it reads, failed");
  end(/*has_failed=*/true);
  ASSERT_TRUE(m_maker_error);
  EXPECT_NE(m_maker_error->message.find("no more"), std::string::npos) << m_maker_error->message;
}

TEST_F(FrameStreamTest, TheEndComesAfterTheLastCheck) {
  engine::Relation checked = relation("SELECT range AS n FROM range(10)");
  checked.after = [](engine::Connection&, std::uint64_t rows) {
    fail(ErrorCode::bad_data, fmt::format("{} rows are too many", rows));
  };
  engine::Connection maker = m_database.connect();
  const std::optional<Error> error = error_of([&] { m_cache.stream("extract", checked, maker, {}, [] {}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "10 rows are too many");
  m_cache.fail_stream("extract");
  const ResolvedInput input = resolve();
  EXPECT_TRUE(error_of([&] { m_connection.execute("CREATE TABLE streamed AS " + input.select_sql); }));
}

TEST_F(FrameStreamTest, AMakerThatWaitsCanBeCancelled) {
  start("SELECT range AS n FROM range(1000000000000)");
  m_cancel.cancel();
  m_maker.join();
  ASSERT_TRUE(m_maker_error);
  EXPECT_EQ(m_maker_error->code, ErrorCode::cancelled);
}

TEST_F(FrameStreamTest, AReaderThatWaitsCanBeCancelled) {
  FrameStream stream("extract", {{"n", engine::Type(engine::TypeId::bigint)}});
  stream.start_reading(&m_reader_cancel);
  m_reader_cancel.cancel();
  const std::optional<Error> error = error_of([&] { stream.take(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace spillway::frame
