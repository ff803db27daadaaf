#pragma once

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

/// What a worker needs to know beside its manifest; travels in `prepare.settings`.
struct Settings {
  bool force_spill = false;
  std::optional<std::uint64_t> spill_threshold_rows;  ///< unset: frames spill by bytes only
  std::uint64_t spill_bytes = 0;
  std::uint64_t memory_limit_bytes = 0;
  unsigned threads = 1;

  Json to_json() const;
  /// Fields that are missing keep their value in `defaults`; a field of the wrong type is an error.
  static Result<Settings> from_json(const Json& json, Settings defaults);
  bool operator==(const Settings&) const = default;
};

enum class SettingKind { boolean, count, bytes };

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
  std::map<std::string, std::string> flags;  ///< by SettingSpec::name; a boolean flag is "true"
  std::function<std::optional<std::string>(const std::string& variable)> environment;
  std::optional<std::string> project_text;  ///< of spillway.yaml
  std::string project_file = "spillway.yaml";
};

/// All errors at once (code usage): each names the flag, variable or place, the value, and what is accepted.
tl::expected<Settings, std::vector<Error>> resolve_settings(const SettingSources& sources,
                                                            const MachineLimits& machine);
/// The sources of this process: its environment and ./spillway.yaml, when there is one.
Result<SettingSources> process_setting_sources(std::map<std::string, std::string> flags);

}  // namespace spillway::config
