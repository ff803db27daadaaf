#include "engine/source.hpp"

#include <atomic>
#include <set>
#include <thread>

#include "engine/database.hpp"
#include "util/error.hpp"

namespace spillway::engine {
namespace {

/// Counts from 0 to `rows`, handed out in chunks to as many readers as ask.
class CountingSource : public ChunkSource {
 public:
  CountingSource(std::uint64_t rows, std::uint32_t readers) : m_rows(rows), m_readers(readers) {}

  const Schema& schema() const override { return m_schema; }
  std::uint32_t max_readers() const override { return m_readers; }
  std::optional<std::uint64_t> row_estimate() const override { return m_rows; }
  std::unique_ptr<ChunkReader> open_reader() override {
    ++m_opened;
    return std::make_unique<Reader>(*this);
  }
  int opened() const { return m_opened; }
  void fail_at(std::uint64_t row) { m_fail_at = row; }

 private:
  class Reader : public ChunkReader {
   public:
    explicit Reader(CountingSource& source) : m_source(source) {}
    std::uint64_t read(ChunkWriter& chunk) override {
      const std::uint64_t start = m_source.m_next.fetch_add(ChunkWriter::capacity());
      if (start >= m_source.m_fail_at) fail(ErrorCode::connection, "connection lost", "check the cable");
      if (start >= m_source.m_rows) return 0;
      const std::uint64_t count = std::min(ChunkWriter::capacity(), m_source.m_rows - start);
      for (std::uint64_t i = 0; i < count; ++i) chunk.column(0).set(i, static_cast<std::int64_t>(start + i));
      return count;
    }

   private:
    CountingSource& m_source;
  };

  Schema m_schema{{"n", TypeId::bigint}};
  std::uint64_t m_rows;
  std::uint32_t m_readers;
  std::uint64_t m_fail_at = UINT64_MAX;
  std::atomic<std::uint64_t> m_next{0};
  std::atomic<int> m_opened{0};
};

class SourceTest : public ::testing::Test {
 protected:
  Database m_database{DatabaseOptions{.threads = 2}};
  Connection m_connection = m_database.connect();
};

TEST_F(SourceTest, EveryRowArrivesOnceAndInOrderThroughOneReader) {
  const auto source = m_database.publish(std::make_shared<CountingSource>(1'000'000, 1));
  EXPECT_EQ(m_connection.execute("CREATE TABLE t AS FROM " + source->from_item()), 1'000'000U);
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM t WHERE n = rowid"), 1'000'000U);
}

TEST_F(SourceTest, SeveralThreadsPullAPartitionedSource) {
  const auto counting = std::make_shared<CountingSource>(5'000'000, 2);
  const auto source = m_database.publish(counting);
  EXPECT_EQ(m_connection.count("SELECT sum(n) FROM " + source->from_item()), 12499997500000U);
  EXPECT_EQ(counting->opened(), 2);
}

TEST_F(SourceTest, AnEmptySourceIsATableWithoutRows) {
  const auto source = m_database.publish(std::make_shared<CountingSource>(0, 1));
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM " + source->from_item()), 0U);
}

TEST_F(SourceTest, ASourceIsReadOnce) {
  const auto source = m_database.publish(std::make_shared<CountingSource>(10, 1));
  m_connection.execute("CREATE TABLE t AS FROM " + source->from_item());
  EXPECT_THROW(m_connection.execute("CREATE TABLE u AS FROM " + source->from_item()), Exception);
}

TEST_F(SourceTest, AFailureInTheSourceKeepsItsCodeAndHint) {
  const auto counting = std::make_shared<CountingSource>(1'000'000, 1);
  counting->fail_at(500'000);
  const auto source = m_database.publish(counting);
  EXPECT_THROW(m_connection.execute("CREATE TABLE t AS FROM " + source->from_item()), Exception);
  ASSERT_TRUE(source->error());
  EXPECT_EQ(source->error()->code, ErrorCode::connection);
  EXPECT_EQ(source->error()->hint, "check the cable");
}

TEST_F(SourceTest, SqlCannotNameASourceThatWasNotPublishedToIt) {
  EXPECT_THROW(m_connection.execute("SELECT * FROM spillway_source('0')"), Exception);
  EXPECT_THROW(m_connection.execute("SELECT * FROM spillway_source(NULL)"), Exception);
  std::string gone;
  {
    const auto source = m_database.publish(std::make_shared<CountingSource>(10, 1));
    gone = source->from_item();
  }
  EXPECT_THROW(m_connection.execute("SELECT * FROM " + gone), Exception);
}

}  // namespace
}  // namespace spillway::engine
