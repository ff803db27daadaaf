#include "config/project_file.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/settings.hpp"
#include "util/strings.hpp"

namespace spillway::config {
namespace {

using Values = std::map<std::string, ProjectValue>;

class ProjectReader {
 public:
  explicit ProjectReader(const std::string& file_name) : m_file_name(file_name) {}

  void read(const YAML::Node& root) {
    if (root.IsNull()) return;
    if (!root.IsMap())
      return add(root, "invalid project file: it is no map of keys", "write settings: and its keys below");
    for (const auto& entry : root) {
      if (is_known(entry.first, {"settings"}, "key")) read_settings(entry.second);
    }
  }

  void add(Location location, std::string message, std::string hint = {}) {
    m_errors.push_back(make_error(ErrorCode::usage, std::move(message), std::move(hint)));
    m_errors.back().location = std::move(location);
  }
  Location location(const YAML::Mark& mark) const {
    return {m_file_name, static_cast<std::size_t>(mark.line + 1), static_cast<std::size_t>(mark.column + 1)};
  }
  tl::expected<Values, std::vector<Error>> take() {
    if (!m_errors.empty()) return tl::unexpected(std::move(m_errors));
    return std::move(m_values);
  }

 private:
  void add(const YAML::Node& node, std::string message, std::string hint = {}) {
    add(location(node.Mark()), std::move(message), std::move(hint));
  }
  bool is_known(const YAML::Node& key, const std::vector<std::string>& known, std::string_view what) {
    const std::string name = key.IsScalar() ? key.Scalar() : "";
    if (std::ranges::find(known, name) != known.end()) return true;
    const auto nearest = closest_match(name, known);
    add(key, fmt::format("unknown {} '{}': the project file has none of that name", what, name),
        nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("known: {}", join(known, ", ")));
    return false;
  }
  void read_settings(const YAML::Node& settings) {
    if (settings.IsNull()) return;
    if (!settings.IsMap()) return add(settings, "invalid 'settings': must be a map");
    std::vector<std::string> known;
    for (const SettingSpec& spec : setting_specs()) known.emplace_back(spec.name);
    for (const auto& entry : settings) {
      if (!is_known(entry.first, known, "setting")) continue;
      const std::string& name = entry.first.Scalar();
      if (!entry.second.IsScalar()) {
        add(entry.second, fmt::format("invalid value of '{}': must be a single value", name));
      } else if (!m_values.emplace(name, ProjectValue{entry.second.Scalar(), location(entry.second.Mark())}).second) {
        add(entry.first, fmt::format("duplicate setting '{}': it has a value already", name), "keep one of the two");
      }
    }
  }

  const std::string& m_file_name;
  Values m_values;
  std::vector<Error> m_errors;
};

}  // namespace

tl::expected<std::map<std::string, ProjectValue>, std::vector<Error>> read_project_settings(
    const std::string& text, const std::string& file_name) {
  ProjectReader reader(file_name);
  try {
    reader.read(YAML::Load(text));
  } catch (const YAML::Exception& exception) {
    reader.add(reader.location(exception.mark), fmt::format("invalid YAML: {}", exception.msg));
  }
  return reader.take();
}

}  // namespace spillway::config
