#include "cli/setting_options.hpp"

#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/machine.hpp"

namespace spillway::cli {

void SettingOptions::declare(CLI::App& app) {
  for (const config::SettingSpec& spec : config::setting_specs()) {
    const std::string help = fmt::format("{} [{}, default {}]", spec.doc, spec.environment, spec.default_text);
    if (spec.kind == config::SettingKind::command) continue;  // no option: it stands behind them
    std::string& value = m_flags[std::string(spec.name)];
    switch (spec.kind) {
      case config::SettingKind::boolean:
      case config::SettingKind::target:
        app.add_flag(std::string(spec.flag), value, help);
        break;
      case config::SettingKind::count:
        app.add_option(std::string(spec.flag), value, help)->type_name("N");
        break;
      case config::SettingKind::bytes:
        app.add_option(std::string(spec.flag), value, help)->type_name("SIZE");
        break;
      case config::SettingKind::command:
        break;
    }
  }
}

config::Settings SettingOptions::resolve(const Console& console) const {
  std::map<std::string, std::string> given = m_flags;
  std::erase_if(given, [](const auto& flag) { return flag.second.empty(); });
  const auto sources = value_or_throw(config::process_setting_sources(given, m_command));
  auto settings = config::resolve_settings(sources, config::detect_machine());
  if (settings) return *settings;
  fail_with_all(std::move(settings.error()), console);
}

}  // namespace spillway::cli
