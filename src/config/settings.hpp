#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/machine.hpp"
#include "util/error.hpp"

namespace spillway::config {

using Json = nlohmann::json;

/// Where the worker runs: in this process, in one of its own, in one that sees only what the pipeline names, where a
/// command of the user's leads, or in a sandbox of E2B.
enum class Target { local, process, bwrap, command, e2b };
/// The name in the run card, e.g. "bwrap".
std::string_view to_string(Target target);

/// What a worker that is confined may use.
struct SandboxLimits {
  std::uint64_t memory_bytes = 0;
  std::optional<std::uint64_t> cpu_seconds;  ///< unset: as much as it needs
  std::uint64_t open_files = 0;
  std::optional<std::uint64_t> processes;        ///< of its user, threads included; unset: no limit of their number
  std::optional<std::uint64_t> file_size_bytes;  ///< of any file that it writes; unset: half of what is free
  bool operator==(const SandboxLimits&) const = default;
};

/// Where a command leads, for Target::command.
struct CommandTarget {
  std::vector<std::string> words;  ///< the program and its arguments
  bool shares_files = false;       ///< it sees this machine's files under the same paths: nothing is sent
  std::chrono::seconds start_timeout{0};
  bool operator==(const CommandTarget&) const = default;
};

/// A sandbox of E2B, for Target::e2b.
struct E2bTarget {
  std::string template_id = "base";
  std::chrono::seconds timeout{0};                      ///< of the run
  std::uint64_t retries = 0;                            ///< of the whole run, when its sandbox is lost
  std::map<std::string, std::string> environment = {};  ///< of the worker
  std::vector<std::string> passed_variables = {};       ///< of this process's environment, for the worker's
  bool fetches_frames = false;
  std::optional<std::uint64_t> max_artifact_bytes = {};  ///< unset: whatever their size
  bool operator==(const E2bTarget&) const = default;
};

/// How to run. The part that a worker needs to know travels in `prepare.settings`: all but target, sandbox, command
/// and e2b.
struct Settings {
  bool force_spill = false;
  std::optional<std::uint64_t> spill_threshold_rows;  ///< unset: frames spill by bytes only
  std::uint64_t spill_bytes = 0;
  std::uint64_t memory_limit_bytes = 0;
  unsigned threads = 1;
  Target target = Target::local;
  SandboxLimits sandbox = {};
  CommandTarget command = {};
  E2bTarget e2b = {};
  /// Names in to_json() of what nobody has set and the worker's machine decides, because it is another one.
  std::vector<std::string> left_to_worker = {};

  Json to_json() const;
  /// Fields that are missing keep their value in `defaults`; a field of the wrong type is an error.
  static Result<Settings> from_json(const Json& json, Settings defaults);
  bool operator==(const Settings&) const = default;
};

/// `words` are split as a shell splits them; `command` is a single one that stands behind all options.
enum class SettingKind { boolean, count, bytes, target, text, words, command };

/// A setting as it is declared, once: flags, environment, project file and help all follow this table.
struct SettingSpec {
  std::string_view name;         ///< in spillway.yaml
  std::string_view environment;  ///< variable
  std::string_view flag;
  SettingKind kind = SettingKind::count;
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
  std::string_view accepted;  ///< the end of "must be …"
  std::string_view default_text;
  std::string_view doc;
};
std::span<const SettingSpec> setting_specs();

/// Where settings come from, the strongest first. An empty environment variable counts as unset.
struct SettingSources {
  std::map<std::string, std::string> flags;  ///< by SettingSpec::name; a boolean flag is "true", words are quoted
  std::vector<std::string> command = {};     ///< what stands behind "--" on the command line
  std::function<std::optional<std::string>(const std::string& variable)> environment = {};
  std::optional<std::string> project_text = {};  ///< of spillway.yaml
  std::string project_file = "spillway.yaml";
};

/// All errors at once (code usage): each names the flag, variable or place, the value, and what is accepted.
tl::expected<Settings, std::vector<Error>> resolve_settings(const SettingSources& sources,
                                                            const MachineLimits& machine);
/// The sources of this process: its environment and ./spillway.yaml, when there is one.
Result<SettingSources> process_setting_sources(std::map<std::string, std::string> flags,
                                               std::vector<std::string> command);

}  // namespace spillway::config
