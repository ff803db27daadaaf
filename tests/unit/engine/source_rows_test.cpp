#include <cstdint>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "engine/library.hpp"
#include "engine/source.hpp"
#include "util/error.hpp"

namespace spillway::engine {
namespace {

/// 5,000 rows in chunks of 2,000: a number, which is NULL in every third row of the second chunk, and a long text.
class Lines : public ChunkSource {
 public:
  const Schema& schema() const override { return m_schema; }
  std::unique_ptr<ChunkReader> open_reader() override { return std::make_unique<Reader>(); }
  static std::string text(std::uint64_t row) {
    return fmt::format("a text of row {}, longer than twelve bytes", row);
  }
  static bool is_null(std::uint64_t row) { return row / 2000 == 1 && row % 3 == 0; }

 private:
  class Reader : public ChunkReader {
   public:
    std::uint64_t read(ChunkWriter& chunk) override {
      std::uint64_t rows = 0;
      for (; rows < 2000 && m_next < 5000; ++rows, ++m_next) {
        chunk.column(0).set(rows, static_cast<std::int64_t>(m_next));
        if (is_null(m_next)) chunk.column(0).set_null(rows);
        chunk.column(1).set_text(rows, text(m_next));
      }
      if (rows == 0) fail(ErrorCode::connection, "the end is never reached");
      return rows;
    }

   private:
    std::uint64_t m_next = 0;
  };
  Schema m_schema{{"n", TypeId::bigint}, {"t", TypeId::varchar}};
};

TEST(SourceRows, EachChunkReplacesTheOneBefore) {
  load_library();
  Lines lines;
  SourceRows rows(lines);
  std::uint64_t row = 0;
  while (row < 5000) {
    const std::uint64_t count = rows.next();
    ASSERT_EQ(count, row < 4000 ? 2000U : 1000U);
    for (std::uint64_t i = 0; i < count; ++i, ++row) {
      ASSERT_EQ(rows.columns()[0].is_null(i), Lines::is_null(row)) << row;
      if (!Lines::is_null(row)) ASSERT_EQ(rows.columns()[0].get<std::int64_t>(i), static_cast<std::int64_t>(row));
      ASSERT_EQ(rows.columns()[1].text(i), Lines::text(row));
    }
  }
  EXPECT_THROW(rows.next(), Exception);
}

}  // namespace
}  // namespace spillway::engine
