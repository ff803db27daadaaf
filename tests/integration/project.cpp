#include "project.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include <gtest/gtest.h>

namespace spillway::testing {
namespace fs = std::filesystem;

Step csv_extractor(std::string id, const std::string& path) {
  return {std::move(id), "filesystem.csv_extractor", {{"path", path}}};
}

Step processor(std::string id, const std::string& query) {
  return {std::move(id), "duckdb.processor", {{"query", query}}};
}

Step csv_writer(std::string id, const std::string& path) {
  return {std::move(id), "filesystem.csv_writer", {{"path", path}}};
}

Step streamed(Step step) {
  step.is_streamed = true;
  return step;
}

std::string pipeline_text(const std::vector<Step>& steps) {
  std::string text = "oml_version: \"0.1.0\"\nname: films\nsteps:\n";
  for (const Step& step : steps) {
    text += "  - id: " + step.id + "\n    component: " + step.component + "\n";
    if (step.needs) text += "    needs: " + Json(*step.needs).dump() + "\n";
    if (step.is_streamed) text += "    materialize: stream\n";
    // What is JSON is YAML.
    text += "    config: " + step.config.dump() + "\n";
  }
  return text;
}

void Project::write(std::string_view name, std::string_view text) const {
  const fs::path path = *this / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void Project::copy_example(const std::string& name) const {
  const fs::path from = fs::path(SPILLWAY_SOURCE_DIR) / "examples" / name;
  const fs::path to = path() / "examples" / name;
  fs::create_directories(to / "data");
  fs::copy_file(from / "pipeline.yaml", to / "pipeline.yaml");
  for (const fs::directory_entry& file : fs::directory_iterator(from / "data")) {
    fs::copy_file(file.path(), to / "data" / file.path().filename());
  }
}

ProcessResult Project::spillway(std::vector<std::string> arguments, Environment environment) const {
  return run_spillway(std::move(arguments), {path(), std::move(environment), ""});
}

ProcessResult Project::run(Environment environment, const std::string& document) const {
  return spillway({"run", document}, std::move(environment));
}

ProcessResult Project::shell(const std::string& command) const {
  return Process({"/bin/sh", "-c", command}, {path(), {}, ""}).wait();
}

std::vector<std::string> Project::files(std::string_view folder) const {
  std::vector<std::string> names;
  if (!fs::exists(*this / folder)) return names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(*this / folder)) {
    if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), *this / folder).string());
  }
  std::ranges::sort(names);
  return names;
}

void expect_sound_record(const RunDir& run, const ProcessResult& result) {
  EXPECT_EQ(run.problems(), std::vector<std::string>{});
  EXPECT_EQ(run.status()["exit_code"], result.exit_code);
  EXPECT_EQ(run.status()["ok"], result.exit_code == 0);
}

void expect_success(const Project& project, const ProcessResult& result) {
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_sound_record(project.latest_run(), result);
}

}  // namespace spillway::testing
