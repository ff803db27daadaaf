#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/console.hpp"
#include "config/settings.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the name is CLI11's
class App;
}

namespace spillway::cli {

/// The settings of a run as flags, one a setting of config::setting_specs().
class SettingOptions {
 public:
  void declare(CLI::App& app);
  /// What stands behind "--".
  void set_command(std::vector<std::string> words) { m_command = std::move(words); }
  /// What the flags, the environment and the project file make of them. Throws, with all but the last error shown.
  config::Settings resolve(const Console& console) const;

 private:
  std::map<std::string, std::string> m_flags;               ///< by setting; empty when not given
  std::map<std::string, std::vector<std::string>> m_words;  ///< of options that may be given several times
  std::vector<std::string> m_command;
  bool m_is_e2b = false;
};

}  // namespace spillway::cli
