#include "pipeline/component.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "pipeline/embedded_specs.hpp"
#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 3> k_roles{
    {{Role::extractor, "extractor"}, {Role::processor, "processor"}, {Role::writer, "writer"}}};
constexpr std::array<std::pair<Mode, std::string_view>, 3> k_modes{
    {{Mode::read, "read"}, {Mode::transform, "transform"}, {Mode::write, "write"}}};

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

template <typename Value>
bool holds(const Json& value) {
  if constexpr (std::is_same_v<Value, std::string>) return value.is_string();
  if constexpr (std::is_same_v<Value, Json::object_t>) return value.is_object();
  if constexpr (std::is_same_v<Value, Json::array_t>) return value.is_array();
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
    return value.is_array() && std::ranges::all_of(value, [](const Json& item) { return item.is_string(); });
  }
}

/// Reads the fields of a spec and collects what is missing or wrong.
class SpecReader {
 public:
  explicit SpecReader(const Json& root) : m_root(root) {}

  const std::vector<std::string>& problems() const { return m_problems; }

  ComponentSpec read() {
    ComponentSpec spec;
    spec.name = field<std::string>("name");
    spec.version = field<std::string>("version");
    spec.title = field<std::string>("title");
    spec.description = field<std::string>("description");
    spec.role = one_of("role", k_roles, field<std::string>("role"));
    for (const std::string& mode : field<Texts>("modes")) spec.modes.push_back(one_of("modes", k_modes, mode));
    spec.capabilities = field<Texts>("capabilities");
    spec.config_schema = field<Json::object_t>("configSchema");
    spec.secrets = field<Texts>("secrets");
    spec.examples = read_examples();
    spec.hints = field<Texts>("hints");
    const Json paths = field<Json::object_t>("paths");
    spec.read_paths = read_paths(paths, "read");
    spec.write_paths = read_paths(paths, "write");
    if (spec.modes.empty()) add("modes", "must name at least one mode");
    return spec;
  }

 private:
  using Texts = std::vector<std::string>;

  void add(std::string_view key, std::string_view why) { m_problems.push_back(fmt::format("'{}' {}", key, why)); }

  template <typename Value>
  Value field(const std::string& key) {
    const auto value = m_root.find(key);
    if (value == m_root.end()) {
      add(key, "is missing");
      return {};
    }
    return converted<Value>(key, *value);
  }

  template <typename Value>
  Value converted(const std::string& key, const Json& value) {
    if (holds<Value>(value)) return value.get<Value>();
    add(key, "is of the wrong type");
    return {};
  }

  template <typename Enum, std::size_t size>
  Enum one_of(const std::string& key, const std::array<std::pair<Enum, std::string_view>, size>& table,
              std::string_view name) {
    if (const auto found = value_of(table, name)) return *found;
    add(key, fmt::format("cannot be '{}'", name));
    return table[0].first;
  }

  Texts read_paths(const Json& paths, const char* key) {
    return paths.contains(key) ? converted<Texts>("paths", paths[key]) : Texts{};
  }

  std::vector<ComponentExample> read_examples() {
    std::vector<ComponentExample> examples;
    for (const Json& example : field<Json::array_t>("examples")) {
      if (example.is_object() && example.contains("title") && example.contains("config")) {
        examples.push_back({converted<std::string>("examples", example["title"]),
                            converted<Json::object_t>("examples", example["config"])});
      } else {
        add("examples", "each have a title and a config");
      }
    }
    return examples;
  }

  const Json& m_root;
  std::vector<std::string> m_problems;
};

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

const ComponentSpec* ComponentCatalog::find(std::string_view name) const {
  const auto json = m_state->json_by_name.find(name);
  if (json == m_state->json_by_name.end()) return nullptr;
  const std::lock_guard lock(m_state->mutex);
  if (const auto known = m_state->parsed.find(name); known != m_state->parsed.end()) return &known->second;
  const Json root = Json::parse(json->second);
  SpecReader reader(root);
  ComponentSpec spec = reader.read();
  if (!reader.problems().empty()) {
    fail(ErrorCode::internal, fmt::format("invalid component '{}': {}", name, join(reader.problems(), ", ")));
  }
  return &m_state->parsed.emplace(json->first, std::move(spec)).first->second;
}

std::vector<std::string> ComponentCatalog::names() const {
  std::vector<std::string> names;
  for (const auto& [name, json] : m_state->json_by_name) names.push_back(name);
  return names;
}

}  // namespace spillway::pipeline
