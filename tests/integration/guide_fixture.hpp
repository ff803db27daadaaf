#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "project.hpp"
#include "worker_session.hpp"

namespace spillway::testing {

/// A project with the guide's own steps, `extract-movies` and `compute-stats`, over the real movies.json: to be run,
/// or taken step by step through `spillway worker`, so that what is between the steps can be looked at.
class Guide : public ::testing::Test {
 protected:
  static constexpr auto k_movies = "examples/movies/pipeline.yaml";
  static constexpr int k_movie_count = 3201;
  /// The rows of the guide's examples.
  static constexpr int k_guide_rows = 14;

  inline static const Project::Environment k_forced{{"E2B_FORCE_SPILL", "1"}};

  void SetUp() override { m_project.copy_example("movies"); }

  /// The guide's pipeline over its 14 rows.
  static std::vector<Step> fourteen_movies() {
    const Json types{{"Title", "VARCHAR"}};
    return {{"extract-movies",
             "filesystem.json_extractor",
             {{"path", "examples/movies/data/movies.json"}, {"types", types}, {"limit", k_guide_rows}}},
            processor("compute-stats",
                      "SELECT \"Director\" AS director, count(*) AS films FROM df GROUP BY ALL ORDER BY ALL"),
            csv_writer("write-stats", "out/directors.csv")};
  }

  void run_movies(Project::Environment environment = {}) {
    expect_success(m_project, m_project.run(std::move(environment), k_movies));
  }
  void run_fourteen_movies(Project::Environment environment = {}) {
    m_project.write_pipeline(fourteen_movies());
    expect_success(m_project, m_project.run(std::move(environment)));
  }
  RunDir run() const { return m_project.latest_run(); }

  /// A worker that is ready for the fourteen movies.
  void prepare(const Json& settings = Json::object()) {
    m_session.emplace(m_project, fourteen_movies(), settings);
    m_worker.emplace(m_project.path());
    ASSERT_EQ(m_session->prepare(*m_worker)["status"], "ready");
  }
  /// Runs a step and returns its `complete`.
  Json exec(const std::string& step_id) { return m_worker->ask(m_session->exec_step(step_id)); }
  std::filesystem::path movies_artifact(const char* name) const {
    return m_session->artifact("extract-movies", name);
  }

  Project m_project;
  std::optional<WorkerSession> m_session;
  std::optional<WorkerProcess> m_worker;
};

/// Whether `part`'s fields are all in `whole`, with its values.
inline bool has_fields(const Json& whole, const Json& part) {
  Json patched = whole;
  patched.merge_patch(part);
  return patched == whole;
}

}  // namespace spillway::testing
