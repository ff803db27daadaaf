#include "cli/setting_options.hpp"

#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/machine.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

/// As config::split_words takes them apart.
std::string quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += "'" + replace_all(word, "'", R"('\'')") + "' ";
  return text;
}

}  // namespace

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
      case config::SettingKind::text:
        app.add_option(std::string(spec.flag), value, help)->type_name("TEXT");
        break;
      case config::SettingKind::words:
        app.add_option(std::string(spec.flag), m_words[std::string(spec.name)], help)
            ->type_name("TEXT")
            ->expected(1)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        break;
      case config::SettingKind::command:
        break;
    }
  }
  app.add_flag("--e2b", m_is_e2b, "The same as --sandbox=e2b");
}

config::Settings SettingOptions::resolve(const Console& console) const {
  std::map<std::string, std::string> given = m_flags;
  for (const auto& [name, words] : m_words) given[name] = quoted(words);
  std::erase_if(given, [](const auto& flag) { return flag.second.empty(); });
  if (m_is_e2b) {
    if (const auto other = given.find("sandbox"); other != given.end() && other->second != "e2b") {
      fail(ErrorCode::usage, fmt::format("cannot run in E2B and with --sandbox={} too", other->second),
           "leave one of the two out");
    }
    given["sandbox"] = "e2b";
  }
  const auto sources = value_or_throw(config::process_setting_sources(given, m_command));
  auto settings = config::resolve_settings(sources, config::detect_machine());
  if (settings) return *settings;
  fail_with_all(std::move(settings.error()), console);
}

}  // namespace spillway::cli
