#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/run_dir.hpp"
#include "support/temp_dir.hpp"

namespace spillway::testing {

/// A step of a pipeline document. Without `needs` it follows the step before it.
struct Step {
  std::string id;
  std::string component;
  Json config;
  std::optional<std::vector<std::string>> needs = std::nullopt;
  bool is_streamed = false;  ///< materialize: stream
};

Step streamed(Step step);

Step csv_extractor(std::string id, const std::string& path);
Step processor(std::string id, const std::string& query);
Step csv_writer(std::string id, const std::string& path);

/// The document that has these steps.
std::string pipeline_text(const std::vector<Step>& steps);

/// A user's folder: pipelines, data and the runs that were made there. Its own for each test.
class Project {
 public:
  using Environment = std::map<std::string, std::string>;

  const std::filesystem::path& path() const { return m_folder.path(); }
  std::filesystem::path operator/(std::string_view name) const { return m_folder / name; }
  void write(std::string_view name, std::string_view text) const;
  void write_pipeline(const std::vector<Step>& steps) const { write("pipeline.yaml", pipeline_text(steps)); }
  /// examples/<name>/ with its pipeline and its data, as in the repository.
  void copy_example(const std::string& name) const;

  /// Runs spillway here to its end.
  ProcessResult spillway(std::vector<std::string> arguments, Environment environment = {}) const;
  /// `spillway run pipeline.yaml`, or another document.
  ProcessResult run(Environment environment = {}, const std::string& document = "pipeline.yaml") const;
  /// A command that a person types at the prompt of this folder.
  ProcessResult shell(const std::string& command) const;

  RunDir latest_run() const { return RunDir::latest(path()); }
  /// The files below a folder of the project, relative to it, in order; none when there is no such folder.
  std::vector<std::string> files(std::string_view folder) const;

 private:
  TempDir m_folder;
};

/// What is true of every run, failed and cancelled ones included: its files fit their schemas, agree with each other
/// and with the exit code.
void expect_sound_record(const RunDir& run, const ProcessResult& result);

/// A run that ended well.
void expect_success(const Project& project, const ProcessResult& result);

}  // namespace spillway::testing
