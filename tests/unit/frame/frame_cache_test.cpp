#include "frame/frame_cache.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "engine/database.hpp"
#include "support/recording_sink.hpp"
#include "support/temp_dir.hpp"
#include "util/error.hpp"

namespace spillway::frame {
namespace {

namespace fs = std::filesystem;
using protocol::Json;

constexpr std::uint64_t k_megabyte = std::uint64_t{1} << 20;

class FrameCacheTest : public ::testing::Test {
 protected:
  void make(SpillPolicy policy) {
    if (policy.spill_bytes == 0) policy.spill_bytes = 1024 * k_megabyte;
    if (policy.budget_bytes == 0) policy.budget_bytes = 4096 * k_megabyte;
    m_cache = std::make_unique<FrameCache>(m_database, policy, m_dir.path(), m_sink);
  }
  DataFrame produce(const std::string& step_id, const std::string& sql) {
    return m_cache->materialize(step_id, engine::Relation{.sql = sql, .source = {}, .after = {}, .explain = {}},
                                m_connection, {});
  }
  ResolvedInput resolve(const std::string& step_id, const std::string& from_step) {
    return m_cache->resolve_inputs(step_id, {{"df", {from_step, "df"}}})[0];
  }
  Error missing(const std::string& from_step) {
    try {
      resolve("compute-stats", from_step);
    } catch (const Exception& exception) {
      return exception.error();
    }
    return make_error(ErrorCode::internal, "it was found");
  }
  bool in_memory(const std::string& step_id) {
    const std::vector<DataFrame> frames = m_cache->frames();
    return std::ranges::any_of(frames, [&](const DataFrame& f) { return f.step_id == step_id && f.in_memory(); });
  }
  fs::path parquet(const std::string& step_id) { return m_dir / ("artifacts/" + step_id + "/output.parquet"); }

  testing::TempDir m_dir;
  testing::RecordingSink m_sink;
  engine::Database m_database{{}};
  engine::Connection m_connection = m_database.connect();
  std::unique_ptr<FrameCache> m_cache;
};

/// Has columns and no rows.
class NoRows : public engine::ChunkSource {
 public:
  explicit NoRows(engine::Schema schema) : m_schema(std::move(schema)) {}
  const engine::Schema& schema() const override { return m_schema; }
  std::unique_ptr<engine::ChunkReader> open_reader() override { return std::make_unique<Reader>(); }

 private:
  class Reader : public engine::ChunkReader {
    std::uint64_t read(engine::ChunkWriter&) override { return 0; }
  };
  engine::Schema m_schema;
};

TEST_F(FrameCacheTest, RowsOfASourceAreSpilledWithoutAStatementWhereTheirTypesAllowIt) {
  make({.force_spill = true});
  const auto writer_of = [&](const std::string& step_id, engine::Type type) {
    const engine::Schema schema{{"c", std::move(type)}};
    const DataFrame frame = m_cache->materialize(
        step_id, engine::Relation{.sql = {}, .source = std::make_shared<NoRows>(schema), .after = {}, .explain = {}},
        m_connection, {});
    EXPECT_EQ(frame.schema, schema);
    EXPECT_EQ(m_connection.describe(resolve("reads-it", step_id).select_sql), schema);
    const auto rows = m_connection.rows(fmt::format(
        "SELECT split_part(created_by, ' ', 1) FROM parquet_file_metadata('{}')", parquet(step_id).string()));
    return rows[0][0].value_or("");
  };
  EXPECT_EQ(writer_of("flat", engine::TypeId::bigint), "spillway");
  EXPECT_EQ(writer_of("nested", engine::Type::list(engine::TypeId::bigint)), "DuckDB");
  EXPECT_EQ(writer_of("changed", engine::TypeId::hugeint), "DuckDB");
}

TEST_F(FrameCacheTest, GuideStorage1KeepsAFrameInMemoryByDefault) {
  make({});
  const DataFrame frame = produce("extract-movies", "SELECT range AS n FROM range(14)");
  EXPECT_TRUE(frame.in_memory());
  EXPECT_FALSE(frame.is_spilled());
  EXPECT_EQ(frame.row_count, 14U);
  EXPECT_FALSE(fs::exists(parquet("extract-movies")));
}

TEST_F(FrameCacheTest, GuideStorage2SpillsWhenForced) {
  make({.force_spill = true});
  const DataFrame frame = produce("extract-movies", "SELECT range AS n FROM range(14)");
  EXPECT_TRUE(frame.is_spilled());
  EXPECT_TRUE(fs::exists(parquet("extract-movies")));
  EXPECT_TRUE(fs::exists(m_dir / "artifacts/extract-movies/schema.json"));
  EXPECT_EQ(m_sink.events("frame_spilled")[0]["reason"], "forced");
}

TEST_F(FrameCacheTest, GuideStorage2SpillsAboveTheRowThreshold) {
  make({.threshold_rows = 14});
  EXPECT_TRUE(produce("at", "SELECT range AS n FROM range(14)").in_memory());
  EXPECT_TRUE(produce("above", "SELECT range AS n FROM range(15)").is_spilled());
  EXPECT_EQ(m_sink.events("frame_spilled")[0]["reason"], "rows");
}

TEST_F(FrameCacheTest, GuideStorage2SpillsAboveTheByteThreshold) {
  make({.spill_bytes = 4 * k_megabyte});
  EXPECT_TRUE(produce("small", "SELECT range AS n FROM range(1000)").in_memory());
  EXPECT_TRUE(produce("large", "SELECT range AS n FROM range(1000000)").is_spilled());
  EXPECT_EQ(m_sink.events("frame_spilled")[0]["reason"], "bytes");
}

TEST_F(FrameCacheTest, GuideStorage3ASpilledFrameLeavesMemoryAndKeepsItsPath) {
  make({});
  produce("s", "SELECT range AS n FROM range(100000)");
  m_cache->spill_df("s", SpillReason::forced);
  const DataFrame frame = m_cache->frames()[0];
  EXPECT_FALSE(frame.in_memory());
  EXPECT_EQ(frame.df_path, parquet("s"));
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'frames'"), 0U);
}

TEST_F(FrameCacheTest, UnderPressureTheColdestFramesGoFirst) {
  make({.spill_bytes = 16 * k_megabyte, .budget_bytes = 40 * k_megabyte});
  const std::string ten_megabytes = "SELECT range AS n FROM range(1200000)";
  produce("a", ten_megabytes);
  produce("b", ten_megabytes);
  resolve("reader", "a");
  produce("c", ten_megabytes);
  produce("d", ten_megabytes);
  EXPECT_TRUE(in_memory("a") || !in_memory("b")) << "b was used longest ago";
  EXPECT_FALSE(in_memory("b"));
  EXPECT_TRUE(in_memory("d"));
  EXPECT_EQ(m_sink.events("frame_spilled")[0]["step_id"], "b");
  EXPECT_EQ(m_sink.events("frame_spilled")[0]["reason"], "pressure");
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM (" + resolve("reader", "b").select_sql + ")"), 1200000U);
}

TEST_F(FrameCacheTest, AFrameThatIsBeingReadStaysInMemory) {
  make({.spill_bytes = 16 * k_megabyte, .budget_bytes = 40 * k_megabyte});
  const std::string ten_megabytes = "SELECT range AS n FROM range(1200000)";
  produce("a", ten_megabytes);
  const ResolvedInput reading = resolve("reader", "a");
  produce("b", ten_megabytes);
  produce("c", ten_megabytes);
  produce("d", ten_megabytes);
  EXPECT_TRUE(in_memory("a"));
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM (" + reading.select_sql + ")"), 1200000U);
}

TEST_F(FrameCacheTest, AFrameLargerThanTheBudgetGoesStraightToParquet) {
  make({.spill_bytes = 8 * k_megabyte, .budget_bytes = 16 * k_megabyte});
  const DataFrame frame =
      produce("large", "SELECT range AS n, sin(range) AS s, cos(range) AS c, uuid() AS u FROM range(8000000)");
  EXPECT_TRUE(frame.is_spilled());
  EXPECT_EQ(frame.row_count, 8000000U);
  EXPECT_EQ(m_sink.events("frame_spilled")[0]["reason"], "pressure");
}

TEST_F(FrameCacheTest, GuideResolve2MemoryIsPreferred) {
  make({});
  produce("extract-movies", "SELECT range AS n FROM range(14)");
  EXPECT_TRUE(resolve("compute-stats", "extract-movies").from_memory);
  const Json event = m_sink.events("inputs_resolved")[0];
  EXPECT_EQ(event, Json::parse(R"({"step_id": "compute-stats", "from_step": "extract-movies", "key": "df", "rows": 14,
                                   "from_memory": true, "from_spill": false})"));
}

TEST_F(FrameCacheTest, GuideResolve2TheSpillFileComesSecond) {
  make({.force_spill = true});
  produce("extract-movies", "SELECT range AS n FROM range(14)");
  const ResolvedInput input = resolve("compute-stats", "extract-movies");
  EXPECT_FALSE(input.from_memory);
  EXPECT_EQ(m_connection.count("SELECT count(*) FROM (" + input.select_sql + ")"), 14U);
  const Json event = m_sink.events("inputs_resolved")[0];
  EXPECT_EQ(event["from_spill"], true);
  EXPECT_EQ(event["artifact"], "artifacts/extract-movies/output.parquet");
}

TEST_F(FrameCacheTest, GuideResolve2NeitherIsAnErrorThatNamesBothPlaces) {
  make({});
  const Error error = missing("extract-movies");
  EXPECT_EQ(error.code, ErrorCode::input_not_found);
  EXPECT_EQ(error.message,
            "Input 'df' not found for step 'compute-stats': step 'extract-movies' left no DataFrame in memory "
            "(step_outputs) and no spill file at artifacts/extract-movies/output.parquet (it was not run).");
}

TEST_F(FrameCacheTest, TheErrorSaysWhyTheFrameIsMissing) {
  make({.force_spill = true});
  m_cache->note_missing("failed", "it failed");
  EXPECT_NE(missing("failed").message.find("(it failed)"), std::string::npos);
  produce("removed", "SELECT 1 AS a");
  fs::remove(parquet("removed"));
  EXPECT_NE(missing("removed").message.find("(the file is gone)"), std::string::npos);
}

TEST_F(FrameCacheTest, GuideLoadReturnsNothingWithoutAFile) {
  make({});
  EXPECT_FALSE(m_cache->load_df_from_spill("unknown"));
  produce("in-memory", "SELECT 1 AS a");
  EXPECT_FALSE(m_cache->load_df_from_spill("in-memory"));
}

TEST_F(FrameCacheTest, GuideSpill3EmitsArtifactCreatedForBothFiles) {
  make({.force_spill = true});
  produce("s", "SELECT 1 AS a");
  const std::vector<Json> events = m_sink.events("artifact_created");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["artifact_type"], "parquet");
  EXPECT_EQ(events[0]["path"], "artifacts/s/output.parquet");
  EXPECT_EQ(events[0]["size_bytes"], fs::file_size(parquet("s")));
  EXPECT_EQ(events[1]["artifact_type"], "schema");
}

TEST_F(FrameCacheTest, ASpillThatCannotBeWrittenFailsItsStepAndKeepsTheFrame) {
  make({});
  produce("s", "SELECT 1 AS a");
  fs::create_directories(m_dir / "artifacts/s/output.parquet/in the way");
  EXPECT_THROW(m_cache->spill_df("s", SpillReason::forced), Exception);
  EXPECT_TRUE(in_memory("s"));
  EXPECT_TRUE(resolve("reader", "s").from_memory);
}

TEST_F(FrameCacheTest, ColumnNamesAreTheSameInBothPlaces) {
  const std::string twins = "SELECT 1 AS a, 2 AS a, 3 AS \"A\"";
  make({});
  const DataFrame in_memory_frame = produce("m", twins);
  make({.force_spill = true});
  EXPECT_EQ(produce("s", twins).schema, in_memory_frame.schema);
  EXPECT_EQ(m_connection.rows(resolve("r", "s").select_sql)[0],
            (std::vector<std::optional<std::string>>{"1", "2", "3"}));
}

TEST_F(FrameCacheTest, AnUnnamedStructIsRefusedInBothPlaces) {
  for (const bool force : {false, true}) {
    make({.force_spill = force});
    EXPECT_THROW(produce("s", "SELECT row(1, 2) AS r"), Exception);
  }
}

TEST_F(FrameCacheTest, AStepThatRunsAgainReplacesItsFrame) {
  make({});
  produce("s", "SELECT 1 AS a");
  EXPECT_EQ(produce("s", "SELECT range AS b FROM range(3)").row_count, 3U);
  EXPECT_EQ(resolve("r", "s").rows, 3U);
}

TEST_F(FrameCacheTest, AFailingStatementLeavesNoFrame) {
  make({});
  EXPECT_THROW(produce("s", "SELECT error('boom') AS a"), Exception);
  EXPECT_TRUE(m_cache->frames().empty());
}

}  // namespace
}  // namespace spillway::frame
