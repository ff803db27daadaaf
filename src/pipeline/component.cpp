#include "pipeline/component.hpp"

#include <array>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "pipeline/embedded_specs.hpp"
#include "pipeline/reader.hpp"

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

/// Reads the fields of a spec; what is missing or of the wrong type goes to the diagnostics.
class SpecReader {
 public:
  SpecReader(const Node& root, Diagnostics& diagnostics) : m_root(root), m_diagnostics(diagnostics) {}

  std::string text(std::string_view key) {
    const Node* value = field(m_root, key, NodeKind::string);
    return value == nullptr ? "" : value->text;
  }
  Json json(std::string_view key) {
    const Node* value = field(m_root, key, NodeKind::map);
    return value == nullptr ? Json::object() : value->to_json();
  }
  std::vector<std::string> texts(std::string_view key) { return texts_of(field(m_root, key, NodeKind::list)); }
  /// The list `key` of the map `outer`, empty when it is left out.
  std::vector<std::string> optional_texts(std::string_view outer, std::string_view key) {
    const Node* map = field(m_root, outer, NodeKind::map);
    if (map == nullptr || map->find(key) == nullptr) return {};
    return texts_of(field(*map, key, NodeKind::list));
  }
  template <typename Enum, std::size_t size>
  Enum one_of(const Node& value, const std::array<std::pair<Enum, std::string_view>, size>& table) {
    if (const auto found = value_of(table, value.text)) return *found;
    m_diagnostics.add(value.position, fmt::format("invalid value '{}': there is no such role or mode", value.text));
    return table[0].first;
  }
  Role role() {
    const Node* value = field(m_root, "role", NodeKind::string);
    return value == nullptr ? Role::extractor : one_of(*value, k_roles);
  }
  std::vector<Mode> modes() {
    std::vector<Mode> modes;
    const Node* list = field(m_root, "modes", NodeKind::list);
    if (list == nullptr) return modes;
    for (const Node& item : list->items) modes.push_back(one_of(item, k_modes));
    if (modes.empty()) m_diagnostics.add(list->position, "empty list 'modes': a component has at least one");
    return modes;
  }
  std::vector<ComponentExample> examples() {
    std::vector<ComponentExample> examples;
    const Node* list = field(m_root, "examples", NodeKind::list);
    if (list == nullptr) return examples;
    for (const Node& item : list->items) {
      const Node* title = field(item, "title", NodeKind::string);
      const Node* config = field(item, "config", NodeKind::map);
      if (title != nullptr && config != nullptr) examples.push_back({title->text, config->to_json()});
    }
    return examples;
  }

 private:
  const Node* field(const Node& map, std::string_view key, NodeKind kind) {
    const MapEntry* entry = map.find(key);
    if (entry == nullptr) {
      m_diagnostics.add(map.position, fmt::format("missing key '{}': a spec needs it", key));
      return nullptr;
    }
    if (entry->value.kind == kind) return &entry->value;
    m_diagnostics.add(entry->value.position, fmt::format("invalid '{}': must be {}, not {}", key, with_article(kind),
                                                         with_article(entry->value.kind)));
    return nullptr;
  }
  std::vector<std::string> texts_of(const Node* list) {
    std::vector<std::string> texts;
    if (list == nullptr) return texts;
    for (const Node& item : list->items) {
      if (item.kind == NodeKind::string) {
        texts.push_back(item.text);
      } else {
        m_diagnostics.add(item.position, fmt::format("invalid item '{}': must be a string", item.text));
      }
    }
    return texts;
  }

  const Node& m_root;
  Diagnostics& m_diagnostics;
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

Diagnosed<ComponentSpec> parse_component_spec(std::string_view yaml, const std::string& file_name) {
  Diagnostics diagnostics(file_name);
  const std::optional<Node> root = read_document(yaml, diagnostics);
  if (!root) return Diagnosis(diagnostics.take());
  SpecReader reader(*root, diagnostics);
  ComponentSpec spec;
  spec.name = reader.text("name");
  spec.version = reader.text("version");
  spec.title = reader.text("title");
  spec.description = reader.text("description");
  spec.role = reader.role();
  spec.modes = reader.modes();
  spec.capabilities = reader.texts("capabilities");
  spec.config_schema = reader.json("configSchema");
  spec.secrets = reader.texts("secrets");
  spec.read_paths = reader.optional_texts("paths", "read");
  spec.write_paths = reader.optional_texts("paths", "write");
  spec.examples = reader.examples();
  spec.hints = reader.texts("hints");
  if (!diagnostics.empty()) return Diagnosis(diagnostics.take());
  return spec;
}

StepPaths step_paths(const ComponentSpec& spec, const Json& config) {
  StepPaths paths;
  append_paths(config, spec.read_paths, paths.read);
  append_paths(config, spec.write_paths, paths.write);
  return paths;
}

struct ComponentCatalog::State {
  std::map<std::string, std::string_view, std::less<>> yaml_by_name;
  std::mutex mutex;
  std::map<std::string, ComponentSpec, std::less<>> parsed;  ///< guarded by mutex; entries never change or go
};

ComponentCatalog::ComponentCatalog(std::map<std::string, std::string_view, std::less<>> yaml_by_name)
    : m_state(std::make_unique<State>()) {
  m_state->yaml_by_name = std::move(yaml_by_name);
}

ComponentCatalog::ComponentCatalog(ComponentCatalog&&) noexcept = default;
ComponentCatalog& ComponentCatalog::operator=(ComponentCatalog&&) noexcept = default;
ComponentCatalog::~ComponentCatalog() = default;

ComponentCatalog ComponentCatalog::built_in() {
  std::map<std::string, std::string_view, std::less<>> yaml_by_name;
  for (const EmbeddedSpec& spec : embedded_specs()) yaml_by_name.emplace(spec.name, spec.yaml);
  return ComponentCatalog(std::move(yaml_by_name));
}

const ComponentSpec* ComponentCatalog::find(std::string_view name) const {
  const auto yaml = m_state->yaml_by_name.find(name);
  if (yaml == m_state->yaml_by_name.end()) return nullptr;
  const std::lock_guard lock(m_state->mutex);
  if (const auto known = m_state->parsed.find(name); known != m_state->parsed.end()) return &known->second;
  auto spec = parse_component_spec(yaml->second, fmt::format("components/{}/spec.yaml", name));
  if (!spec) fail(std::move(spec.error().front()));
  return &m_state->parsed.emplace(yaml->first, std::move(*spec)).first->second;
}

std::vector<std::string> ComponentCatalog::names() const {
  std::vector<std::string> names;
  for (const auto& [name, yaml] : m_state->yaml_by_name) names.push_back(name);
  return names;
}

}  // namespace spillway::pipeline
