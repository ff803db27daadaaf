#include "drivers/sql/row_source.hpp"

#include <charconv>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/sql/row_feed.hpp"
#include "engine/database.hpp"

namespace spillway::drivers::sql {
namespace {

using engine::TypeId;
using engine::VectorWriter;
using ::testing::EndsWith;

using Row = std::vector<std::optional<std::string>>;

struct NumberColumn {
  std::string name;
  engine::Type type;
  void (*decode)(const NumberColumn& column, const Cells& cells, VectorWriter& vector, std::uint64_t row);
};

void decode_number(const NumberColumn&, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  std::int64_t value = 0;
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || stop != text.data() + text.size()) {
    fail(ErrorCode::bad_data, fmt::format("'{}' is no number", text), "write digits");
  }
  vector.set(row, value);
}

std::vector<NumberColumn> number_columns(const std::vector<std::string>& names) {
  std::vector<NumberColumn> columns;
  for (const std::string& name : names) columns.push_back({name, TypeId::bigint, k_each<decode_number>});
  return columns;
}

/// Rows that are there already.
struct ListedRows {
  std::vector<Row> rows;
  std::size_t next = 0;

  void start() {}
  std::size_t next_rows(RowBatch& batch, std::size_t max_rows) {
    const std::size_t count = std::min(max_rows, rows.size() - next);
    for (std::size_t i = 0; i < count; ++i) {
      const Row& row = rows[next++];
      for (std::size_t c = 0; c < row.size(); ++c) {
        batch.row(i)[c] = row[c] ? Field{row[c]->data(), static_cast<std::uint32_t>(row[c]->size())} : Field{};
      }
    }
    return count;
  }
};

ListedRows numbered_rows(std::size_t count) {
  ListedRows part;
  for (std::size_t i = 0; i < count; ++i) {
    part.rows.push_back({std::to_string(i), i % 3 == 0 ? std::nullopt : std::optional(std::to_string(10 * i))});
  }
  return part;
}

std::shared_ptr<engine::ChunkSource> source_of(std::vector<ListedRows> parts) {
  return std::make_shared<RowSource<ListedRows, NumberColumn>>(std::move(parts), number_columns({"a", "b"}),
                                                               "table 't'");
}

class RowSourceTest : public ::testing::Test {
 protected:
  std::uint64_t read(const std::shared_ptr<engine::ChunkSource>& source) {
    const auto published = m_database.publish(source);
    return m_connection.execute("CREATE OR REPLACE TABLE t AS FROM " + published->from_item());
  }
  std::string error_of(std::vector<ListedRows> parts) {
    try {
      read(source_of(std::move(parts)));
    } catch (const Exception& exception) {
      return exception.error().message;
    }
    return "nothing";
  }

  engine::Database m_database{engine::DatabaseOptions{.threads = 1}};
  engine::Connection m_connection = m_database.connect();
};

TEST_F(RowSourceTest, EveryRowIsReadOnceWhateverABatchHolds) {
  for (const std::size_t rows : {std::size_t{0}, std::size_t{1}, RowBatch::k_capacity, RowBatch::k_capacity + 1,
                                 std::size_t{2048}, std::size_t{5000}}) {
    EXPECT_EQ(read(source_of({numbered_rows(rows)})), rows);
    EXPECT_EQ(m_connection.count("SELECT count(*) FROM t WHERE a = rowid AND "
                                 "b IS NOT DISTINCT FROM CASE WHEN a % 3 > 0 THEN 10 * a END"),
              rows);
  }
}

TEST_F(RowSourceTest, PartsAreReadInTurn) {
  EXPECT_EQ(read(source_of({numbered_rows(3000), numbered_rows(100)})), 3100U);
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM t WHERE a = rowid AND rowid < 2048"), 2048U);
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM t WHERE a = rowid - 2048 AND rowid BETWEEN 2048 AND 2147"),
            100U);
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM t WHERE a = rowid - 100 AND rowid >= 2148"), 952U);
}

TEST_F(RowSourceTest, AnErrorNamesTheFirstBadCellInTheOrderOfRows) {
  for (const std::size_t row : {std::size_t{0}, std::size_t{63}, std::size_t{64}, std::size_t{2100}}) {
    ListedRows part = numbered_rows(3000);
    part.rows[row][1] = "ten";
    part.rows[row + 1][0] = "one";
    EXPECT_THAT(error_of({part}),
                EndsWith(fmt::format("cannot read column 'b' of table 't', row {}: 'ten' is no number", row + 1)));
  }
}

TEST_F(RowSourceTest, AnErrorCountsTheRowsOfAllParts) {
  ListedRows second = numbered_rows(10);
  second.rows[4][0] = "x";
  EXPECT_THAT(error_of({numbered_rows(3000), second}),
              EndsWith("cannot read column 'a' of table 't', row 2053: 'x' is no number"));
}

struct TextColumn {
  std::string name;
  engine::Type type;
  void (*decode)(const TextColumn& column, const Cells& cells, VectorWriter& vector, std::uint64_t row);
};

void decode_text(const TextColumn&, std::string_view text, VectorWriter& vector, std::uint64_t row) {
  vector.set_text(row, text);
}

/// Otherwise 2,048 rows of a megabyte each would be in memory at once.
TEST_F(RowSourceTest, AChunkOfLongTextsEndsSooner) {
  ListedRows part;
  for (int i = 0; i < 1000; ++i) part.rows.push_back({std::string(100'000, 'x'), std::nullopt});
  RowSource<ListedRows, TextColumn> source(
      {part}, {{"t", TypeId::varchar, k_each<decode_text>}, {"u", TypeId::varchar, k_each<decode_text>}},
      "table 't'");
  engine::SourceRows rows(source);
  std::vector<std::uint64_t> counts;
  while (const std::uint64_t count = rows.next()) counts.push_back(count);
  EXPECT_EQ(counts.size(), 16U);  // of 64 rows, the last one of 40
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 1000U);
}

/// A row is a byte.
void take_byte(std::string_view& rows, std::span<Field> fields) {
  fields[0] = {rows.data(), 1};
  rows.remove_prefix(1);
}

TEST(RowFeed, HandsOutAsManyRowsAsABlockHasAndTheCallerTakes) {
  const std::size_t rows = BlockQueue::k_block_bytes + 3;
  std::size_t fetched = 0;
  RowFeed feed(
      [&](std::string& block) {
        block.clear();
        while (block.size() < BlockQueue::k_block_bytes && fetched < rows) {
          block += static_cast<char>('a' + fetched++ % 26);
        }
        return fetched < rows;
      },
      [] {}, take_byte);
  RowBatch batch(1);
  std::size_t taken = 0;
  std::size_t most = 0;
  while (const std::size_t count = feed.next_rows(batch, 50)) {
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(*batch.row(i)[0].data, 'a' + static_cast<int>(taken++ % 26));
    most = std::max(most, count);
  }
  EXPECT_EQ(taken, rows);
  EXPECT_EQ(most, 50U);
}

}  // namespace
}  // namespace spillway::drivers::sql
