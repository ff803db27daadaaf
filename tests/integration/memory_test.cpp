#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "project.hpp"

/// A pipeline whose data exceeds its budget runs within it: the small sibling of a 3 GB file under 512 MB.
namespace spillway::testing {
namespace {

constexpr int k_budget_mb = 128;
/// The budget does not count the program with its library (90 MB), the buffers of the CSV reader and the row groups
/// of the Parquet writer. Measured on two cores: 270 to 360 MB; 1,200 MB without a budget.
constexpr int k_bound_mb = 450;
constexpr int k_rows_a_block = 10'000;
constexpr int k_blocks = 300;

/// About 300 MB: blocks of the same 10,000 rows, of which every tenth row is of the year 1985.
void write_large_csv(const Project& project) {
  std::string block;
  for (int row = 0; row < k_rows_a_block; ++row) {
    const std::string id = std::to_string(1'000'000 + row);
    block += id + ",a film with a rather long title " + id + "," + std::to_string(1980 + row % 10) +
             ",some director of the year " + id + ",2001-02-03 04:05:06,123.45\n";
  }
  std::ofstream file(project / "films.csv", std::ios::binary);
  file << "id,title,year,director,seen,rating\n";
  for (int i = 0; i < k_blocks; ++i) file << block;
}

TEST(Memory, DataThatExceedsTheBudgetRunsWithinIt) {
  const Project project;
  write_large_csv(project);
  project.write_pipeline({csv_extractor("extract-films", "films.csv"),
                          processor("filter-films", "SELECT * FROM df WHERE year <> 1985"),
                          {"write-films", "filesystem.parquet_writer", {{"path", "out/films.parquet"}}}});
  const ProcessResult result = project.run({{"SPILLWAY_MEMORY_LIMIT", std::to_string(k_budget_mb) + "MB"}});
  expect_success(project, result);
  const RunDir run = project.latest_run();
  EXPECT_EQ(run.card()["total_rows"], k_rows_a_block * k_blocks / 10 * 9);
  EXPECT_EQ(run.card_step("extract-films")["spill_used"], true);
  if (!program_is_sanitized()) {
    EXPECT_LT(result.peak_memory_bytes >> 20U, k_bound_mb);
  }
}

}  // namespace
}  // namespace spillway::testing
