#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drivers/driver.hpp"
#include "drivers/registry.hpp"
#include "engine/database.hpp"
#include "pipeline/component.hpp"
#include "support/recording_sink.hpp"
#include "support/temp_dir.hpp"
#include "util/file.hpp"

namespace spillway::testing {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

/// Runs drivers on files of a folder of the test's own, as a worker would: with a config that has its defaults, and
/// with the relation's rows going to a table.
class DriverTest : public ::testing::Test {
 protected:
  DriverTest() { std::filesystem::create_directories(artifacts()); }

  std::filesystem::path artifacts() const { return m_dir / "run/artifacts/step"; }
  std::filesystem::path at(std::string_view name) const { return m_dir / name; }

  void write(std::string_view name, std::string_view bytes) {
    std::filesystem::create_directories(at(name).parent_path());
    std::ofstream(at(name), std::ios::binary) << bytes;
  }
  std::string read(std::string_view name) const { return read_file(at(name)).value(); }

  /// Makes a file by the engine, for what is no text.
  void copy(const std::string& select, std::string_view name, const std::string& options) {
    connection().execute("COPY (" + select + ") TO '" + at(name).string() + "' (" + options + ")");
  }

  /// Runs a step without inputs and keeps its rows as the frame of that name.
  void extract(const std::string& component, drivers::Json config, const std::string& frame = "frame") {
    run(component, std::move(config), {}, frame);
  }
  /// Runs a step on frames: name of the frame by input key.
  drivers::StepResult run(const std::string& component, drivers::Json config,
                          const std::vector<std::pair<std::string, std::string>>& inputs,
                          const std::string& frame = "frame") {
    const std::vector<frame::ResolvedInput> resolved = resolve(inputs);
    engine::Connection connection = database().connect();
    drivers::StepContext context{"step",       "run_1",     with_defaults(component, std::move(config)),
                                 m_dir.path(), artifacts(), connection,
                                 resolved,     m_sink,      m_control,
                                 m_cancel,     "pipeline",  connection_fields()};
    drivers::StepResult result = m_drivers.at(component)->run(context);
    if (result.df) materialize(*result.df, connection, frame);
    return result;
  }
  /// A frame made of a SELECT.
  void make_frame(const std::string& select, const std::string& frame = "frame") {
    connection().execute("CREATE OR REPLACE TABLE \"" + frame + "\" AS " + select);
  }

  /// The error of a step that must fail.
  Error error_of(const std::string& component, drivers::Json config,
                 const std::vector<std::pair<std::string, std::string>>& inputs = {}) {
    try {
      run(component, std::move(config), inputs, "of_error");
    } catch (const Exception& exception) {
      return exception.error();
    }
    ADD_FAILURE() << "the step did not fail";
    return {};
  }

  /// The frame's rows as texts, in its order.
  Rows rows(const std::string& frame = "frame") {
    return connection().rows("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM \"" + frame + "\"");
  }
  /// "name TYPE" of each column.
  std::vector<std::string> columns(const std::string& frame = "frame") {
    std::vector<std::string> columns;
    for (const engine::Column& column : connection().describe("FROM \"" + frame + "\"")) {
      columns.push_back(column.name + " " + column.type.to_sql());
    }
    return columns;
  }
  std::uint64_t count(const std::string& sql) { return connection().count(sql); }

  /// Whatever files are below a folder of the test, relative to it.
  std::vector<std::string> files_below(std::string_view folder) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(at(folder))) {
      names.push_back(std::filesystem::relative(entry.path(), at(folder)).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// The connection of a driver that takes one.
  virtual drivers::Json connection_fields() const { return {}; }
  /// How the engine is opened; it is when it is first used.
  virtual engine::DatabaseOptions database_options() const { return {.threads = 2, .temp_directory = at("tmp")}; }
  engine::Database& database() {
    if (!m_database) m_database = std::make_unique<engine::Database>(database_options());
    return *m_database;
  }
  engine::Connection& connection() {
    if (!m_connection) m_connection = std::make_unique<engine::Connection>(database().connect());
    return *m_connection;
  }

  RecordingSink& sink() { return m_sink; }
  /// The value of the metric of that name, if there was one.
  std::optional<drivers::Json> metric(std::string_view name) const {
    for (const protocol::Message& message : m_sink.messages()) {
      const auto* metric = std::get_if<protocol::Metric>(&message);
      if (metric != nullptr && metric->name == name) return metric->value;
    }
    return std::nullopt;
  }
  CancelToken& cancel() { return m_cancel; }

 private:
  static drivers::Json with_defaults(const std::string& component, drivers::Json config) {
    static const pipeline::ComponentCatalog k_catalog = pipeline::ComponentCatalog::built_in();
    const pipeline::ComponentSpec* spec = k_catalog.find(component);
    for (const auto& [name, option] : spec->config_schema.at("properties").items()) {
      if (option.contains("default") && !config.contains(name)) config[name] = option["default"];
    }
    return config;
  }

  std::vector<frame::ResolvedInput> resolve(const std::vector<std::pair<std::string, std::string>>& inputs) {
    std::vector<frame::ResolvedInput> resolved;
    for (const auto& [key, frame] : inputs) {
      frame::ResolvedInput& input = resolved.emplace_back();
      input.key = key;
      input.from_step = frame;
      input.select_sql = "SELECT * FROM \"" + frame + "\"";
      input.schema = connection().describe(input.select_sql);
    }
    return resolved;
  }

  /// As FrameCache does it.
  void materialize(const engine::Relation& relation, engine::Connection& connection, const std::string& frame) {
    std::unique_ptr<engine::PublishedSource> source;
    if (relation.source) source = database().publish(relation.source);
    const std::string rows = source ? "FROM " + source->from_item() : relation.sql;
    try {
      const std::uint64_t count = connection.execute(
          "CREATE OR REPLACE TABLE \"" + frame + "\" AS SELECT * FROM (" + rows + ") AS rows", m_control);
      if (relation.after) relation.after(connection, count);
    } catch (const Exception& exception) {
      const Error error = source ? source->error().value_or(exception.error()) : exception.error();
      fail(relation.explain ? relation.explain(connection, error) : error);
    }
  }

  TempDir m_dir;
  RecordingSink m_sink;
  CancelToken m_cancel;
  engine::StatementControl m_control{&m_cancel, {}};
  std::unique_ptr<engine::Database> m_database;
  std::unique_ptr<engine::Connection> m_connection;
  drivers::DriverRegistry m_drivers = drivers::builtin_drivers();
};

}  // namespace spillway::testing
