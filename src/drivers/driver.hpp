#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/connection.hpp"
#include "engine/relation.hpp"
#include "frame/frame_cache.hpp"
#include "protocol/sink.hpp"
#include "util/cancel.hpp"

namespace spillway::drivers {

using Json = nlohmann::json;

/// What a driver gets for one attempt at one step. Everything outlives the attempt.
struct StepContext {
  std::string step_id;
  std::string session_id;
  Json config;                     ///< validated against the component's configSchema, defaults applied, no meta keys
  std::filesystem::path base_dir;  ///< of the host, absolute; relative paths in config start here
  std::filesystem::path artifacts_dir;  ///< absolute; artifacts/<step_id>/, exists
  engine::Connection& connection;       ///< of this attempt alone; temporary tables and views on it are dropped after
  const std::vector<frame::ResolvedInput>& inputs;
  protocol::Sink& sink;
  const engine::StatementControl& control;  ///< pass it to every statement: cancellation and progress
  const CancelToken& cancel;
  std::string pipeline_id = {};
  /// The fields of the connection that the config names, secrets included, overruled by what the config sets itself;
  /// null when the component takes none. Overwritten when the attempt is over: keep no copy.
  Json connection_fields = {};
  /// Below it are the host's files, where this is another machine; else empty. Files are opened there (below_root),
  /// and named as the host names them.
  std::filesystem::path files_root = {};

  /// A file of the step's artifact folder was written: emits artifact_created.
  void artifact_created(std::string_view type, const std::filesystem::path& path) const;
};

/// What a driver's run gives: a DataFrame to materialize (extractors, processors), or what was written (writers).
struct StepResult {
  std::optional<engine::Relation> df;
  std::uint64_t rows_written = 0;
  std::uint64_t bytes_written = 0;
};

/// One component's implementation. Stateless and shared by all steps: run is called from several threads.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual StepResult run(StepContext& context) const = 0;
};

using DriverRegistry = std::map<std::string, std::unique_ptr<Driver>>;

/// The input of a step that needs exactly one; throws missing_input: "<driver> requires 'df' input …".
const frame::ResolvedInput& required_input(const StepContext& context, std::string_view driver);

}  // namespace spillway::drivers
