#include "pipeline/component.hpp"

#include <array>
#include <deque>
#include <mutex>
#include <utility>

#include "pipeline/embedded_specs.hpp"
#include "util/sha256.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 3> k_roles{
    {{Role::extractor, "extractor"}, {Role::processor, "processor"}, {Role::writer, "writer"}}};
constexpr std::array<std::pair<Mode, std::string_view>, 3> k_modes{
    {{Mode::read, "read"}, {Mode::transform, "transform"}, {Mode::write, "write"}}};
constexpr std::array<std::pair<Override, std::string_view>, 3> k_overrides{
    {{Override::allowed, "allowed"}, {Override::warning, "warning"}, {Override::forbidden, "forbidden"}}};

template <typename Enum, std::size_t size>
std::string_view name_of(const std::array<std::pair<Enum, std::string_view>, size>& table, Enum value) {
  for (const auto& [entry, name] : table) {
    if (entry == value) return name;
  }
  return {};
}

template <typename Enum, std::size_t size>
std::optional<Enum> value_of(const std::array<std::pair<Enum, std::string_view>, size>& table,
                             std::string_view name) {
  for (const auto& [entry, entry_name] : table) {
    if (entry_name == name) return entry;
  }
  return std::nullopt;
}

std::vector<std::string> texts(const Json& spec, const char* key) {
  return spec.value(key, std::vector<std::string>{});
}

std::optional<ConnectionSpec> connection_of(const Json& spec) {
  const auto connection = spec.find("connection");
  if (connection == spec.end()) return std::nullopt;
  const auto name = spec.at("name").get<std::string>();
  ConnectionSpec result{
      connection->value("family", name.substr(0, name.find('.'))), connection->value("required", true), {}};
  const Json fields = connection->value("fields", Json::object());
  for (const auto& [field, policy] : fields.items()) {
    result.fields[field] = value_of(k_overrides, policy.get<std::string>()).value();
  }
  return result;
}

/// Takes a spec whose form read_spec has checked.
ComponentSpec spec_of(const Json& json) {
  ComponentSpec spec;
  spec.name = json.at("name").get<std::string>();
  spec.version = json.at("version").get<std::string>();
  spec.title = json.at("title").get<std::string>();
  spec.description = json.at("description").get<std::string>();
  spec.role = role_from_string(json.at("role").get<std::string>()).value();
  for (const Json& mode : json.at("modes")) spec.modes.push_back(mode_from_string(mode.get<std::string>()).value());
  spec.capabilities = texts(json, "capabilities");
  spec.config_schema = json.at("configSchema");
  spec.secrets = texts(json, "secrets");
  const Json paths = json.value("paths", Json::object());
  spec.read_paths = texts(paths, "read");
  spec.write_paths = texts(paths, "write");
  spec.input_sql = texts(json, "inputSql");
  spec.connection = connection_of(json);
  for (const Json& example : json.value("examples", Json::array())) {
    spec.examples.push_back({example.at("title").get<std::string>(), example.at("config")});
  }
  spec.hints = texts(json, "hints");
  return spec;
}

void append_paths(const Json& config, const std::vector<std::string>& pointers, std::vector<std::string>& paths) {
  const auto append = [&](const Json& value) {
    if (value.is_string() && value != "-") paths.push_back(value.get<std::string>());
  };
  for (const std::string& pointer : pointers) {
    const Json::json_pointer place(pointer);
    if (!config.contains(place)) continue;
    const Json& value = config[place];
    if (value.is_array()) {
      for (const Json& item : value) append(item);
    } else {
      append(value);
    }
  }
}

}  // namespace

std::string_view to_string(Role role) { return name_of(k_roles, role); }
std::string_view to_string(Mode mode) { return name_of(k_modes, mode); }
std::string_view to_string(Override policy) { return name_of(k_overrides, policy); }
std::optional<Role> role_from_string(std::string_view name) { return value_of(k_roles, name); }
std::optional<Mode> mode_from_string(std::string_view name) { return value_of(k_modes, name); }

StepPaths step_paths(const ComponentSpec& spec, const Json& config) {
  StepPaths paths;
  append_paths(config, spec.read_paths, paths.read);
  append_paths(config, spec.write_paths, paths.write);
  return paths;
}

struct ComponentCatalog::State {
  std::map<std::string, std::string_view, std::less<>> json_by_name;
  std::map<std::string, std::string, std::less<>> file_by_name;  ///< of the project's own components
  std::deque<std::string> project_json;                          ///< what json_by_name says of them
  std::mutex mutex;
  std::map<std::string, ComponentSpec, std::less<>> parsed;  ///< guarded by mutex; entries never change or go
};

ComponentCatalog::ComponentCatalog(std::map<std::string, std::string_view, std::less<>> json_by_name)
    : m_state(std::make_unique<State>()) {
  m_state->json_by_name = std::move(json_by_name);
}

ComponentCatalog::ComponentCatalog(ComponentCatalog&&) noexcept = default;
ComponentCatalog& ComponentCatalog::operator=(ComponentCatalog&&) noexcept = default;
ComponentCatalog::~ComponentCatalog() = default;

ComponentCatalog ComponentCatalog::built_in() {
  std::map<std::string, std::string_view, std::less<>> json_by_name;
  for (const EmbeddedSpec& spec : embedded_specs()) json_by_name.emplace(spec.name, spec.json);
  return ComponentCatalog(std::move(json_by_name));
}

void ComponentCatalog::add(const std::string& file, const Json& json) {
  const auto name = json.at("name").get<std::string>();
  m_state->json_by_name[name] = m_state->project_json.emplace_back(json.dump());
  m_state->file_by_name[name] = file;
}

const ComponentSpec* ComponentCatalog::find(std::string_view name) const {
  const auto json = m_state->json_by_name.find(name);
  if (json == m_state->json_by_name.end()) return nullptr;
  const std::lock_guard lock(m_state->mutex);
  if (const auto known = m_state->parsed.find(name); known != m_state->parsed.end()) return &known->second;
  ComponentSpec spec = spec_of(Json::parse(json->second));
  spec.sha256 = sha256_hex(json->second);
  if (const auto file = m_state->file_by_name.find(name); file != m_state->file_by_name.end()) {
    spec.file = file->second;
  }
  return &m_state->parsed.emplace(json->first, std::move(spec)).first->second;
}

std::vector<std::string> ComponentCatalog::names() const {
  std::vector<std::string> names;
  for (const auto& [name, json] : m_state->json_by_name) names.push_back(name);
  return names;
}

std::string_view ComponentCatalog::json_of(std::string_view name) const {
  const auto json = m_state->json_by_name.find(name);
  return json == m_state->json_by_name.end() ? std::string_view() : json->second;
}

}  // namespace spillway::pipeline
