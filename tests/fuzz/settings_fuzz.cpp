// The project file, and values of flags and variables.
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "config/redact.hpp"
#include "config/settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace config = spillway::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  config::SettingSources sources;
  sources.project_text = text;
  static_cast<void>(config::resolve_settings(sources, config::MachineLimits{1 << 30, 2}));
  for (const config::SettingSpec& spec : config::setting_specs()) {
    config::SettingSources flags;
    flags.flags[std::string(spec.name)] = text;
    static_cast<void>(config::resolve_settings(flags, config::MachineLimits{1 << 30, 2}));
  }
  static_cast<void>(config::Redactor().redact(std::string_view(text)));
  return 0;
}
