#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "sandbox_support.hpp"

/// Every examples/<name>/pipeline.yaml runs as it stands, on the real data that ./dev setup fetches.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::StartsWith;

std::vector<std::string> example_names() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(SPILLWAY_SOURCE_DIR) / "examples")) {
    if (fs::exists(entry.path() / "pipeline.yaml")) names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::istringstream text(read_text(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// An example in a folder of its own, run twice: on this machine as it is with frames in memory, then in the sandbox
/// with every frame spilled.
class Example : public ::testing::TestWithParam<std::string> {
 protected:
  /// `out` goes to `kept` after the first run, for comparison.
  void run_twice(const std::string& name) {
    m_project.copy_example(name);
    m_folder = "examples/" + name;
    expect_success(m_project, m_project.run({}, m_folder + "/pipeline.yaml"));
    fs::rename(out(), m_project / "kept");
    const char* sandbox = no_bwrap_reason().empty() ? "bwrap" : "process";
    expect_success(m_project, m_project.run({{"E2B_FORCE_SPILL", "1"}, {"SPILLWAY_SANDBOX", sandbox}},
                                            m_folder + "/pipeline.yaml"));
  }

  fs::path out() const { return m_project / (m_folder + "/out"); }
  std::vector<std::string> files() const { return m_project.files(m_folder + "/out"); }
  RunDir run() const { return m_project.latest_run(); }

  // The figures of these two were counted by other programs.

  void expect_movies() const {
    EXPECT_THAT(files(), ElementsAre("directors.csv"));
    EXPECT_EQ(run().card_step("extract-movies")["rows_out"], 3201);
    EXPECT_EQ(run().card()["total_rows"], 550) << "directors";
    const std::vector<std::string> lines = lines_of(out() / "directors.csv");
    ASSERT_EQ(lines.size(), 551U);
    EXPECT_EQ(lines[0], "director,films,first_year,last_year,impossible_years,worldwide_gross,imdb_rating");
    EXPECT_EQ(lines[1], "Steven Spielberg,23,1975,2008,1,8544073056,7.35");
  }

  void expect_flights() const {
    EXPECT_THAT(files(), ElementsAre("delays_by_airport.csv", "delays_by_hour.csv", "flights_with_airports.parquet"));
    for (const char* step : {"extract-flights", "join-airports"}) {
      EXPECT_EQ(run().card_step(step)["rows_out"], 3'000'000) << step;
    }
    EXPECT_EQ(run().card_step("extract-airports")["rows_out"], 3376);
    EXPECT_EQ(run().card()["total_rows"], 3'000'000 + 229 + 24) << "what the three writers wrote";
    const std::vector<std::string> airports = lines_of(out() / "delays_by_airport.csv");
    ASSERT_EQ(airports.size(), 230U);
    EXPECT_EQ(airports[1], "ORD,Chicago O'Hare International,Chicago,IL,166341,41079,24.7,9.27,-1,80,128190717");
    const std::vector<std::string> hours = lines_of(out() / "delays_by_hour.csv");
    ASSERT_EQ(hours.size(), 25U);
    EXPECT_THAT(hours[1], StartsWith("0,10349,"));
  }

  Project m_project;
  std::string m_folder;
};

TEST_P(Example, GivesTheSameFilesInMemoryAndSandboxedAndSpilled) {
  run_twice(GetParam());
  EXPECT_EQ(run().status()["steps_completed"], run().status()["steps_total"]);
  ASSERT_FALSE(files().empty());
  EXPECT_EQ(m_project.files("kept"), files());
  if (GetParam() == "movies") expect_movies();
  if (GetParam() == "flights") expect_flights();
  for (const std::string& file : files()) {
    EXPECT_TRUE(read_text(out() / file) == read_text(m_project / "kept" / file)) << file << " differs";
  }
}

INSTANTIATE_TEST_SUITE_P(Examples, Example, ::testing::ValuesIn(example_names()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace spillway::testing
