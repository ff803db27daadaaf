#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"

namespace spillway::testing {

/// A project with the guide's own steps, `extract-movies` and `compute-stats`, over the real movies.json.
class Guide : public ::testing::Test {
 protected:
  static constexpr auto k_movies = "examples/movies/pipeline.yaml";
  static constexpr int k_movie_count = 3201;
  /// The rows of the guide's examples.
  static constexpr int k_guide_rows = 14;

  void SetUp() override { m_project.copy_example("movies"); }

  void run_movies(Project::Environment environment = {}) {
    expect_success(m_project, m_project.run(std::move(environment), k_movies));
  }

  /// The guide's pipeline over its 14 rows.
  static std::vector<Step> fourteen_movies() {
    return {
        {"extract-movies",
         "filesystem.json_extractor",
         {{"path", "examples/movies/data/movies.json"}, {"types", {{"Title", "VARCHAR"}}}, {"limit", k_guide_rows}}},
        processor("compute-stats",
                  "SELECT \"Director\" AS director, count(*) AS films FROM df GROUP BY director ORDER BY director"),
        csv_writer("write-stats", "out/directors.csv")};
  }
  void run_fourteen_movies(Project::Environment environment = {}) {
    m_project.write_pipeline(fourteen_movies());
    expect_success(m_project, m_project.run(std::move(environment)));
  }

  RunDir run() const { return m_project.latest_run(); }

  Project m_project;
};

/// Whether `part`'s fields are all in `whole`, with its values.
inline bool has_fields(const Json& whole, const Json& part) {
  Json patched = whole;
  patched.merge_patch(part);
  return patched == whole;
}

}  // namespace spillway::testing
