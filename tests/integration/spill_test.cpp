#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "support/all_types.hpp"

/// Where a frame was, in memory or in a file, changes nothing of what a pipeline makes.
namespace spillway::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// The ways to have frames spilled.
const std::map<std::string, Project::Environment> k_ways{
    {"forced", {{"E2B_FORCE_SPILL", "1"}}},
    {"by rows", {{"E2B_SPILL_THRESHOLD", "10"}}},
    {"by bytes", {{"SPILLWAY_SPILL_BYTES", "1KB"}}},
    {"under pressure", {{"SPILLWAY_MEMORY_LIMIT", "64MB"}}},
};

/// An extractor, two processors in a row and a writer of each format.
std::vector<Step> chain(const std::string& first_query, const std::string& second_query = "SELECT * FROM df") {
  std::vector<Step> steps{csv_extractor("extract-films", "films.csv"), processor("first", first_query),
                          processor("second", second_query)};
  for (const char* format : {"csv", "json", "parquet"}) {
    const std::string name = format;
    steps.push_back({"write-" + name,
                     "filesystem." + name + "_writer",
                     {{"path", "out/films." + name}},
                     std::vector<std::string>{"second"}});
  }
  return steps;
}

/// What of an event must not depend on where frames are: all but clocks, sizes and places.
Json comparable(Json event) {
  for (const char* name :
       {"ts", "session", "session_id", "seq", "duration_ms", "size_bytes", "from_memory", "from_spill", "artifact"}) {
    event.erase(name);
  }
  return event;
}

/// The events, a line each, without those that only a spill has. Step by step: branches run side by side.
std::string comparable_events(const RunDir& run) {
  std::map<std::string, std::string> lines;
  for (const Json& event : run.events()) {
    const std::string type = event.value("artifact_type", "");
    if (event["event"] == "frame_spilled" || type == "parquet" || type == "schema") continue;
    const Json step_id = event.value("step_id", Json());
    lines[step_id.is_string() ? step_id.get<std::string>() : ""] += comparable(event).dump() + "\n";
  }
  std::string text;
  for (const auto& [step_id, events] : lines) text += events;
  return text;
}

class Spill : public ::testing::Test {
 protected:
  void SetUp() override { m_project.write("films.csv", "id,title\n1,Alien\n"); }

  std::map<std::string, std::string> outputs() const {
    std::map<std::string, std::string> bytes;
    for (const std::string& file : m_project.files("out")) bytes[file] = read_text(m_project / "out" / file);
    return bytes;
  }
  std::vector<std::string> spilled_steps() const {
    std::vector<std::string> steps;
    for (const Json& event : m_project.latest_run().events("frame_spilled")) steps.push_back(event["step_id"]);
    return steps;
  }

  /// Runs the pipeline with its frames in memory and in these ways spilled; expects the same outputs and events.
  void expect_same(const std::vector<Step>& steps, const std::map<std::string, Project::Environment>& ways = k_ways) {
    m_project.write_pipeline(steps);
    expect_success(m_project, m_project.run());
    EXPECT_THAT(spilled_steps(), IsEmpty());
    const auto outputs_in_memory = outputs();
    const std::string events_in_memory = comparable_events(m_project.latest_run());
    for (const auto& [way, environment] : ways) {
      SCOPED_TRACE(way);
      expect_success(m_project, m_project.run(environment));
      EXPECT_EQ(outputs(), outputs_in_memory);
      EXPECT_EQ(comparable_events(m_project.latest_run()), events_in_memory);
    }
  }

  Project m_project;
};

TEST_F(Spill, EveryTypeIsTheSameInAllWays) {
  std::vector<Step> steps = chain(all_types_sql() + " ORDER BY row_number");
  // Parquet has no place for integers of more than 38 digits and for infinite TIMESTAMP_S: its writer refuses them.
  steps.insert(
      steps.end() - 1,
      processor("narrower", "SELECT * EXCLUDE (c_hugeint, c_uhugeint, c_timestamp_s, c_timestamp_ms) FROM df"));
  steps[steps.size() - 2].needs = {"second"};
  steps.back().needs = {"narrower"};
  expect_same(steps);
}

TEST_F(Spill, EveryTypeKeepsItsName) {
  expect_same({csv_extractor("extract-films", "films.csv"), processor("first", all_types_sql()),
               processor("second", "SELECT typeof(COLUMNS(*)) FROM df LIMIT 1"),
               csv_writer("write-types", "out/types.csv")});
}

TEST_F(Spill, SumsOfIntegersAreExact) {
  m_project.write_pipeline({csv_extractor("extract-films", "films.csv"),
                            processor("first",
                                      "SELECT sum(n) AS s FROM (VALUES (9223372036854775807), "
                                      "(9223372036854775807), (1)) AS t(n)"),
                            processor("second", "SELECT s, typeof(s) AS t FROM df"),
                            csv_writer("write-sums", "out/sums.csv")});
  for (const Project::Environment& environment : {Project::Environment{}, k_ways.at("forced")}) {
    expect_success(m_project, m_project.run(environment));
    EXPECT_EQ(read_text(m_project / "out/sums.csv"), "s,t\n18446744073709551615,HUGEINT\n");
  }
}

TEST_F(Spill, NullAndEmptyTextStayApart) {
  m_project.write_pipeline({csv_extractor("extract-films", "films.csv"),
                            processor("first", "SELECT * FROM (VALUES (1, NULL), (2, ''), (3, 'NULL')) AS t(id, x)"),
                            csv_writer("write-rows", "out/rows.csv")});
  for (const Project::Environment& environment : {Project::Environment{}, k_ways.at("forced")}) {
    expect_success(m_project, m_project.run(environment));
    EXPECT_EQ(read_text(m_project / "out/rows.csv"), "id,x\n1,\n2,\"\"\n3,NULL\n");
  }
}

TEST_F(Spill, NoRows) {
  expect_same(chain(all_types_sql() + " WHERE r > 99"));
  EXPECT_EQ(m_project.latest_run().card_step("second")["rows_out"], 0);
  EXPECT_THAT(m_project.latest_run().events("rows_out"), SizeIs(3)) << "also for 0 rows";
}

TEST_F(Spill, TwoThousandColumns) {
  constexpr int k_columns = 2000;
  std::string header;
  std::string row;
  for (int column = 0; column < k_columns; ++column) {
    const std::string number = std::to_string(column);
    header += (column == 0 ? "c" : ",c") + number;
    row += (column == 0 ? "" : ",") + (column % 3 == 0 ? number : "text " + number);
  }
  m_project.write("films.csv", header + "\n" + row + "\n" + row + "\n");
  expect_same({csv_extractor("extract-films", "films.csv"), processor("first", "SELECT * FROM df"),
               csv_writer("write-csv", "out/films.csv")},
              {{"forced", k_ways.at("forced")}});
  EXPECT_EQ(read_text(m_project / "out/films.csv"), header + "\n" + row + "\n" + row + "\n");
}

TEST_F(Spill, TheOrderOfManyRowsIsKept) {
  expect_same(chain("SELECT range AS id, hash(range) AS h FROM range(500000) ORDER BY h"));
}

TEST_F(Spill, EachWaySaysItsReason) {
  m_project.write_pipeline(chain("SELECT range AS id FROM range(20)"));
  for (const auto& [way, reason, steps] :
       {std::tuple{"forced", "forced", std::vector<std::string>{"extract-films", "first", "second"}},
        std::tuple{"by rows", "rows", std::vector<std::string>{"first", "second"}},
        std::tuple{"by bytes", "bytes", std::vector<std::string>{"extract-films", "first", "second"}}}) {
    expect_success(m_project, m_project.run(k_ways.at(way)));
    EXPECT_EQ(spilled_steps(), steps) << way;
    for (const Json& event : m_project.latest_run().events("frame_spilled")) EXPECT_EQ(event["reason"], reason);
  }
}

TEST_F(Spill, AFlagBeatsTheEnvironmentWhichBeatsTheProjectFile) {
  m_project.write_pipeline(chain("SELECT * FROM df"));
  m_project.write("spillway.yaml", "settings: {force_spill: true}\n");
  expect_success(m_project, m_project.run());
  EXPECT_THAT(spilled_steps(), Not(IsEmpty()));
  expect_success(m_project, m_project.run({{"E2B_FORCE_SPILL", "0"}}));
  EXPECT_THAT(spilled_steps(), IsEmpty());
  expect_success(m_project,
                 m_project.spillway({"run", "pipeline.yaml", "--force-spill"}, {{"E2B_FORCE_SPILL", "0"}}));
  EXPECT_THAT(spilled_steps(), Not(IsEmpty()));
}

// Eight frames of 11 MB each do not fit into 48 MB, three quarters of 64 MB: the coldest go first, and each is found
// again when it is needed.
TEST_F(Spill, FramesThatTogetherExceedTheBudgetStillRun) {
  constexpr int k_frames = 8;
  std::vector<Step> steps{csv_extractor("extract-films", "films.csv")};
  std::string sum = "SELECT sum(a) AS total FROM (SELECT count(*) AS a FROM df_frame_0";
  std::vector<std::string> frames;
  for (int frame = 0; frame < k_frames; ++frame) {
    const std::string id = "frame_" + std::to_string(frame);
    if (frame > 0) sum += " UNION ALL SELECT count(*) FROM df_" + id;
    frames.push_back(id);
    steps.push_back(processor(id, "SELECT hash(range + " + std::to_string(frame) + ") AS h FROM range(1000000)"));
  }
  steps.push_back(processor("count-all", sum + ")"));
  steps.back().needs = frames;
  steps.push_back(csv_writer("write-count", "out/count.csv"));
  m_project.write_pipeline(steps);
  expect_success(m_project, m_project.run({{"SPILLWAY_MEMORY_LIMIT", "64MB"}}));

  EXPECT_EQ(read_text(m_project / "out/count.csv"), "total\n8000000\n");
  const std::vector<std::string> spilled = spilled_steps();
  ASSERT_THAT(spilled, Not(IsEmpty()));
  for (const Json& event : m_project.latest_run().events("frame_spilled")) EXPECT_EQ(event["reason"], "pressure");
  EXPECT_TRUE(std::ranges::is_sorted(spilled)) << "the coldest first: " << Json(spilled);
  EXPECT_THAT(spilled, Not(Contains("frame_7"))) << "the newest stays";
}

}  // namespace
}  // namespace spillway::testing
