#include "engine/connection.hpp"

#include <chrono>
#include <optional>
#include <thread>

#include "engine/database.hpp"
#include "engine/result.hpp"
#include "util/error.hpp"

namespace spillway::engine {
namespace {

class ConnectionTest : public ::testing::Test {
 protected:
  Database m_database{{}};
  Connection m_connection = m_database.connect();
};

constexpr const char* k_endless =
    "SELECT count(*) FROM range(100000000000) a, range(100000000000) b WHERE a.range + b.range = -1";

TEST_F(ConnectionTest, ExecuteReturnsTheRowsItMade) {
  EXPECT_EQ(m_connection.execute("CREATE TABLE t AS FROM range(10000)"), 10000U);
  EXPECT_EQ(m_connection.execute("INSERT INTO t SELECT 1 FROM range(5)"), 5U);
  EXPECT_EQ(m_connection.execute("CREATE TABLE empty AS SELECT 1 AS a WHERE false"), 0U);
}

TEST_F(ConnectionTest, StreamHandsOverEveryRowInOrder) {
  ResultStream stream = m_connection.stream("SELECT range AS a FROM range(100000)");
  std::int64_t expected = 0;
  while (const auto chunk = stream.next()) {
    for (std::uint64_t row = 0; row < chunk->row_count(); ++row) {
      ASSERT_EQ(chunk->column(0).get<std::int64_t>(row), expected++);
    }
  }
  EXPECT_EQ(expected, 100000);
}

TEST_F(ConnectionTest, AFailureInTheMiddleOfAStreamIsThrownNotTakenForTheEnd) {
  ResultStream stream =
      m_connection.stream("SELECT CASE WHEN range = 90000 THEN error('row 90000') ELSE 'ok' END FROM range(100000)");
  EXPECT_THROW(
      {
        while (stream.next()) {
        }
      },
      Exception);
}

std::optional<Error> error_at_the_end(ResultStream& stream) {
  try {
    while (stream.next()) {
    }
  } catch (const Exception& exception) {
    return exception.error();
  }
  return std::nullopt;
}

/// The engine calls a statement interrupted whose thread has failed just before a chunk was asked for.
TEST_F(ConnectionTest, AReasonThatTheEngineLosesIsFoundByRepeating) {
  StatementControl control;
  control.may_repeat = true;
  ResultStream stream = m_connection.stream(
      "SELECT CASE WHEN range = 1999999 THEN error('row 1999999') ELSE range END FROM range(2000000)", control);
  ASSERT_TRUE(stream.next());
  m_connection.interrupt();
  const std::optional<Error> error = error_at_the_end(stream);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "Invalid Input Error: row 1999999");
  EXPECT_EQ(error->code, ErrorCode::bad_data);
}

TEST_F(ConnectionTest, AReasonThatIsNotFoundIsSaidToBeLost) {
  for (const bool may_repeat : {false, true}) {
    StatementControl control;
    control.may_repeat = may_repeat;
    ResultStream stream = m_connection.stream("FROM range(2000000)", control);
    ASSERT_TRUE(stream.next());
    m_connection.interrupt();
    const std::optional<Error> error = error_at_the_end(stream);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::sql);
    EXPECT_EQ(error->message, "the statement failed, and the engine lost the reason");
    EXPECT_EQ(error->hint, "run it again; without materialize: stream no reason is lost");
  }
}

TEST_F(ConnectionTest, AStreamThatIsCancelledIsNotRepeated) {
  CancelToken cancel;
  StatementControl control;
  control.cancel = &cancel;
  control.may_repeat = true;
  ResultStream stream = m_connection.stream("FROM range(100000000000)", control);
  ASSERT_TRUE(stream.next());
  cancel.cancel();
  m_connection.interrupt();
  const std::optional<Error> error = error_at_the_end(stream);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::cancelled);
}

TEST_F(ConnectionTest, DescribeGivesColumnsWithoutRunning) {
  const Schema schema = m_connection.describe("SELECT 1 AS a, 'x' AS b, sum(range) AS c FROM range(3)");
  ASSERT_EQ(schema.size(), 3U);
  EXPECT_EQ(schema[0], (Column{"a", TypeId::integer}));
  EXPECT_EQ(schema[1], (Column{"b", TypeId::varchar}));
  EXPECT_EQ(schema[2], (Column{"c", TypeId::hugeint}));
}

/// A connection that goes while an exception is on its way leaves its statement to the engine's threads: the stream
/// has to end it.
TEST_F(ConnectionTest, AStreamThatIsGivenUpEndsItsStatement) {
  for (int i = 0; i < 200; ++i) {
    try {
      Connection connection = m_database.connect();
      ResultStream stream = connection.stream("SELECT i::INTEGER, repeat('x', 20) FROM range(3000000) AS r(i)");
      for (int chunks = 0; chunks <= i % 5; ++chunks) ASSERT_TRUE(stream.next());
      fail(ErrorCode::cancelled, "cancelled");
    } catch (const Exception& exception) {
      EXPECT_EQ(exception.error().code, ErrorCode::cancelled);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(i % 3));
  }
}

TEST_F(ConnectionTest, AConnectionIsUsableAfterAStreamThatWasGivenUp) {
  EXPECT_TRUE(m_connection.stream("FROM range(3000000)").next());
  EXPECT_EQ(m_connection.count("SELECT 1"), 1U);
}

TEST_F(ConnectionTest, ASetCancelTokenStopsTheStatement) {
  CancelToken cancel;
  cancel.cancel();
  StatementControl control;
  control.cancel = &cancel;
  try {
    m_connection.execute(k_endless, control);
    FAIL() << "the statement ended";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, ErrorCode::cancelled);
  }
  EXPECT_EQ(m_connection.count("SELECT 1"), 1U) << "the connection is usable afterwards";
}

TEST_F(ConnectionTest, PollReturningTrueStopsTheStatement) {
  StatementControl control;
  int polls = 0;
  control.poll = [&](const Progress&) { return ++polls == 3; };
  EXPECT_THROW(m_connection.execute(k_endless, control), Exception);
  EXPECT_EQ(polls, 3);
}

TEST_F(ConnectionTest, PollSeesProgress) {
  m_connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(20000000)");
  double last = -1;
  StatementControl control;
  control.poll = [&](const Progress& progress) {
    last = std::max(last, progress.percent);
    return false;
  };
  m_connection.execute("SELECT sum(sqrt(a) * sin(a) * cos(a) * exp(sin(a))) FROM t", control);
  EXPECT_GT(last, 0);
}

TEST_F(ConnectionTest, InterruptWorksFromAnotherThread) {
  StatementControl control;
  bool started = false;
  std::thread other;
  control.poll = [&](const Progress&) {
    if (!started) other = std::thread([this] { m_connection.interrupt(); });
    started = true;
    return false;
  };
  EXPECT_THROW(m_connection.execute(k_endless, control), Exception);
  other.join();
}

TEST_F(ConnectionTest, OneSelectIsOneSelect) {
  for (const char* good : {"SELECT 1", "SELECT 1;", "SELECT 1; -- done", "FROM range(3)", "VALUES (1)",
                           "WITH a AS (SELECT 1) SELECT * FROM a", "/* x */ SELECT 1",
                           "PIVOT (SELECT 1 AS k, 'a' AS c) ON c IN ('a') USING count(*)"}) {
    EXPECT_TRUE(m_connection.check_single_select(good)) << good;
  }
  m_connection.execute("CREATE TABLE t (a INTEGER)");
  for (const char* bad :
       {"", "-- nothing", "SELECT 1; SELECT 2", "DROP TABLE t", "INSERT INTO t VALUES (1)", "COPY t TO 'x.csv'",
        "CREATE TABLE u AS SELECT 1", "ATTACH 'x.db'", "SET threads = 1", "DELETE FROM t",
        "SELECT 1) ; DROP TABLE t; --", "EXPLAIN SELECT 1", "CALL pragma_version()", "INSTALL httpfs"}) {
    EXPECT_FALSE(m_connection.check_single_select(bad)) << bad;
  }
}

TEST_F(ConnectionTest, ASelectThatActsIsRefused) {
  for (const char* bad :
       {"SELECT * FROM enable_logging('QueryLog', storage := 'file', storage_config := {'path': 'stolen'})",
        "WITH a AS (FROM Enable_Logging()) SELECT 1", "FROM \"enable_profiling\"()", "FROM query('SEL' || 'ECT 1')",
        "FROM checkpoint()", "SELECT (SELECT count(*) FROM system.main.disable_logging())"}) {
    const Result<void> result = m_connection.check_single_select(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, ErrorCode::access_denied) << bad;
  }
  EXPECT_TRUE(m_connection.check_single_select("SELECT '\"function_name\":\"query\"' AS query, 1 AS checkpoint"));
}

TEST_F(ConnectionTest, MoreThanOneStatementIsNamedAsSuch) {
  const Result<void> result = m_connection.check_single_select("SELECT 1; SELECT 2");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the text holds 2 statements; one SELECT is allowed");
}

}  // namespace
}  // namespace spillway::engine
