#include "pipeline/oml.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "pipeline/step_id.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::string_view k_oml_version = "0.1.0";

/// A key that people bring from elsewhere, and what to write instead.
struct ForeignKey {
  std::string_view key;
  std::string_view hint;
};

constexpr std::array<std::string_view, 5> k_document_keys{"oml_version", "name", "steps", "description", "metadata"};
constexpr std::array k_foreign_document_keys{
    ForeignKey{"version", "write oml_version: \"0.1.0\" instead"},
    ForeignKey{"connectors", "name a component in each step instead, e.g. component: filesystem.csv_extractor"},
    ForeignKey{"tasks", "write steps instead"},
    ForeignKey{"outputs", "add a step with a writer component instead, e.g. component: filesystem.csv_writer"},
};

constexpr std::array<std::string_view, 5> k_step_keys{"id", "component", "mode", "config", "needs"};
constexpr std::array k_foreign_step_keys{
    ForeignKey{"name", "write id instead"},          ForeignKey{"driver", "write component instead"},
    ForeignKey{"type", "write component instead"},   ForeignKey{"uses", "write component instead"},
    ForeignKey{"depends_on", "write needs instead"}, ForeignKey{"inputs", "name the steps in needs instead"},
    ForeignKey{"params", "write config instead"},    ForeignKey{"options", "write config instead"},
    ForeignKey{"with", "write config instead"},
};

std::vector<std::string> as_strings(std::span<const std::string_view> words) { return {words.begin(), words.end()}; }

class OmlReader {
 public:
  OmlReader(const ComponentCatalog& catalog, Diagnostics& diagnostics)
      : m_catalog(catalog), m_diagnostics(diagnostics) {}

  OmlDocument read(const Node& root);

 private:
  void check_keys(const Node& map, std::string_view what, std::span<const std::string_view> known,
                  std::span<const ForeignKey> foreign);
  const Node* required(const Node& map, const std::string& what, std::string_view key, std::string_view hint);
  bool is_string(const Node& value, std::string_view key);
  void check_version(const Node& root);
  void check_optional(const Node& root);
  std::string read_name(const Node& root);
  OmlStep read_step(const Node& node, std::size_t number);
  void read_id(const Node& node, const std::string& what, OmlStep& step);
  void read_component(const Node& node, const std::string& what, OmlStep& step);
  void read_mode(const Node& value, OmlStep& step);
  void read_config(const MapEntry& entry, const std::string& what, OmlStep& step);
  void read_needs(const Node& value, const std::string& what, OmlStep& step);

  const ComponentCatalog& m_catalog;
  Diagnostics& m_diagnostics;
  std::unordered_map<std::string, Position> m_ids;
};

OmlDocument OmlReader::read(const Node& root) {
  check_keys(root, "the pipeline", k_document_keys, k_foreign_document_keys);
  check_version(root);
  check_optional(root);
  OmlDocument document;
  document.name = read_name(root);
  const Node* steps = required(root, "the pipeline", "steps", "list the steps, each with id and component");
  if (steps == nullptr) return document;
  if (steps->kind != NodeKind::list || steps->items.empty()) {
    m_diagnostics.add(steps->position,
                      fmt::format("invalid 'steps': must be a list of at least one step, not {}",
                                  steps->items.empty() && steps->kind == NodeKind::list ? "an empty one"
                                                                                        : with_article(steps->kind)));
    return document;
  }
  for (std::size_t i = 0; i < steps->items.size(); ++i) document.steps.push_back(read_step(steps->items[i], i + 1));
  return document;
}

void OmlReader::check_keys(const Node& map, std::string_view what, std::span<const std::string_view> known,
                           std::span<const ForeignKey> foreign) {
  for (const MapEntry& entry : map.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    const auto instead = std::ranges::find(foreign, entry.key, &ForeignKey::key);
    std::string hint;
    if (instead != foreign.end()) {
      hint = instead->hint;
    } else if (const auto nearest = closest_match(entry.key, as_strings(known))) {
      hint = fmt::format("did you mean '{}'?", *nearest);
    } else {
      hint = fmt::format("its keys are {}", join(as_strings(known), ", "));
    }
    m_diagnostics.add(entry.key_position, fmt::format("unknown key '{}': {} has none of that name", entry.key, what),
                      std::move(hint));
  }
}

const Node* OmlReader::required(const Node& map, const std::string& what, std::string_view key,
                                std::string_view hint) {
  const MapEntry* entry = map.find(key);
  if (entry != nullptr) return &entry->value;
  m_diagnostics.add(map.position, fmt::format("missing key '{}': {} needs it", key, what), std::string(hint));
  return nullptr;
}

bool OmlReader::is_string(const Node& value, std::string_view key) {
  if (value.kind == NodeKind::string) return true;
  m_diagnostics.add(value.position,
                    fmt::format("invalid '{}': must be a string, not {}", key, with_article(value.kind)),
                    value.text.empty() ? "" : fmt::format("quote it: \"{}\"", value.text));
  return false;
}

void OmlReader::check_version(const Node& root) {
  const std::string wanted = fmt::format("write oml_version: \"{}\"", k_oml_version);
  const Node* version = required(root, "the pipeline", "oml_version", wanted);
  if (version == nullptr || (version->kind == NodeKind::string && version->text == k_oml_version)) return;
  m_diagnostics.add(version->position,
                    fmt::format("unsupported oml_version '{}': only {} is known", version->text, k_oml_version),
                    wanted);
}

/// `description` and `metadata` are for people and tools: they are checked and go no further.
void OmlReader::check_optional(const Node& root) {
  if (const MapEntry* description = root.find("description")) is_string(description->value, "description");
  if (const MapEntry* metadata = root.find("metadata");
      metadata != nullptr && metadata->value.kind != NodeKind::map) {
    m_diagnostics.add(metadata->value.position,
                      fmt::format("invalid 'metadata': must be a map, not {}", with_article(metadata->value.kind)));
  }
}

std::string OmlReader::read_name(const Node& root) {
  const Node* name = required(root, "the pipeline", "name", "give the pipeline a name");
  if (name == nullptr || !is_string(*name, "name")) return {};
  if (trim(name->text).empty()) {
    m_diagnostics.add(name->position, "invalid 'name': must not be empty");
  } else if (std::ranges::any_of(name->text,
                                 [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    m_diagnostics.add(name->position, "invalid 'name': must be one line of text");
  }
  return name->text;
}

OmlStep OmlReader::read_step(const Node& node, std::size_t number) {
  OmlStep step;
  step.position = step.config_position = node.position;
  if (node.kind != NodeKind::map) {
    m_diagnostics.add(node.position,
                      fmt::format("invalid step {}: must be a map, not {}", number, with_article(node.kind)),
                      "write it as  - id: …  with its other keys below");
    return step;
  }
  const MapEntry* id = node.find("id");
  const std::string what = id != nullptr && !id->value.text.empty() ? fmt::format("step '{}'", id->value.text)
                                                                    : fmt::format("step {}", number);
  check_keys(node, what, k_step_keys, k_foreign_step_keys);
  read_id(node, what, step);
  read_component(node, what, step);
  if (const MapEntry* mode = node.find("mode")) read_mode(mode->value, step);
  if (const MapEntry* config = node.find("config")) read_config(*config, what, step);
  if (const MapEntry* needs = node.find("needs")) read_needs(needs->value, what, step);
  return step;
}

void OmlReader::read_id(const Node& node, const std::string& what, OmlStep& step) {
  const Node* id = required(node, what, "id", "give the step an id, e.g. id: extract-orders");
  if (id == nullptr || !is_string(*id, "id")) return;
  step.position = id->position;
  step.id = id->text;
  if (const std::string problem = step_id_problem(id->text); !problem.empty()) {
    m_diagnostics.add(id->position, fmt::format("invalid id '{}': {}", id->text, problem));
  }
  if (const auto [first, is_new] = m_ids.emplace(id->text, id->position); !is_new) {
    m_diagnostics.add(id->position,
                      fmt::format("duplicate id '{}': the step at line {} has it", id->text, first->second.line));
  }
}

void OmlReader::read_component(const Node& node, const std::string& what, OmlStep& step) {
  const Node* name = required(node, what, "component", "name what the step runs, e.g. component: duckdb.processor");
  if (name == nullptr || !is_string(*name, "component")) return;
  step.component = m_catalog.find(name->text);
  if (step.component != nullptr) {
    step.mode = step.component->modes.front();
    return;
  }
  const std::vector<std::string> names = m_catalog.names();
  const auto nearest = closest_match(name->text, names);
  m_diagnostics.add(name->position, fmt::format("unknown component '{}': {} names it", name->text, what),
                    nearest ? fmt::format("did you mean '{}'?", *nearest)
                            : fmt::format("the components are {}", join(names, ", ")));
}

void OmlReader::read_mode(const Node& value, OmlStep& step) {
  const auto mode = mode_from_string(value.text);
  if (value.kind != NodeKind::string || !mode) {
    m_diagnostics.add(value.position, fmt::format("invalid mode '{}': must be read, transform or write", value.text));
    return;
  }
  if (step.component == nullptr) return;
  step.mode = *mode;
  if (std::ranges::find(step.component->modes, *mode) != step.component->modes.end()) return;
  m_diagnostics.add(value.position,
                    fmt::format("invalid mode '{}': {} has only {}", value.text, step.component->name,
                                to_string(step.component->modes.front())),
                    fmt::format("write mode: {}, or leave it out", to_string(step.component->modes.front())));
}

void OmlReader::read_config(const MapEntry& entry, const std::string& what, OmlStep& step) {
  step.config_position = entry.key_position;
  if (entry.value.kind == NodeKind::map) {
    step.config = &entry.value;
  } else if (entry.value.kind != NodeKind::null) {
    m_diagnostics.add(entry.value.position, fmt::format("invalid 'config' of {}: must be a map, not {}", what,
                                                        with_article(entry.value.kind)));
  }
}

void OmlReader::read_needs(const Node& value, const std::string& what, OmlStep& step) {
  step.needs.emplace();
  const auto add = [&](const Node& need) {
    if (need.kind != NodeKind::string) {
      m_diagnostics.add(need.position,
                        fmt::format("invalid 'needs' of {}: must name steps, not {}", what, with_article(need.kind)),
                        need.text.empty() ? "" : fmt::format("quote it: \"{}\"", need.text));
      return;
    }
    const auto repeated = std::ranges::find(*step.needs, need.text, &OmlNeed::step_id);
    if (repeated == step.needs->end()) {
      step.needs->push_back({need.text, need.position});
    } else {
      m_diagnostics.add(need.position, fmt::format("duplicate need '{}': {} names it twice", need.text, what));
    }
  };
  if (value.kind == NodeKind::list) {
    for (const Node& need : value.items) add(need);
  } else {
    add(value);
  }
}

}  // namespace

OmlDocument read_oml(const Node& root, const ComponentCatalog& catalog, Diagnostics& diagnostics) {
  return OmlReader(catalog, diagnostics).read(root);
}

}  // namespace spillway::pipeline
