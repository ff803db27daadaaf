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
  std::string_view instead;  ///< the key they mean, if one key says it
  std::string_view hint;     ///< what to write otherwise
};

constexpr std::array<std::string_view, 5> k_document_keys{"oml_version", "name", "steps", "description", "metadata"};
constexpr std::array k_foreign_document_keys{
    ForeignKey{"version", "oml_version",
               "write oml_version: \"0.1.0\" instead: it tells the language, not the pipeline"},
    ForeignKey{
        "connectors", "",
        "name a component in each step instead, e.g. component: filesystem.csv_extractor, and keep connections "
        "in spillway_connections.yaml"},
    ForeignKey{"tasks", "steps", "write steps instead, each with id and component"},
    ForeignKey{"outputs", "",
               "add a step with a writer component for each output instead, e.g. component: filesystem.csv_writer"},
};

constexpr std::array<std::string_view, 5> k_step_keys{"id", "component", "mode", "config", "needs"};
constexpr std::array k_foreign_step_keys{
    ForeignKey{"name", "id", "write id instead"},
    ForeignKey{"driver", "component", "write component instead"},
    ForeignKey{"type", "component", "write component instead"},
    ForeignKey{"uses", "component", "write component instead"},
    ForeignKey{"depends_on", "needs", "write needs instead"},
    ForeignKey{"inputs", "needs", "name the steps in needs instead"},
    ForeignKey{"params", "config", "write config instead"},
    ForeignKey{"options", "config", "write config instead"},
    ForeignKey{"with", "config", "write config instead"},
};

std::vector<std::string> as_strings(std::span<const std::string_view> words) { return {words.begin(), words.end()}; }

class OmlReader {
 public:
  OmlReader(const ComponentCatalog& catalog, Diagnostics& diagnostics)
      : m_catalog(catalog), m_diagnostics(diagnostics) {}

  OmlDocument read(const Node& root);

 private:
  /// A map of the document: the pipeline itself or a step.
  struct Scope {
    const Node& map;
    std::string what;                     ///< "the pipeline", "step 'extract'"
    std::vector<std::string_view> meant;  ///< known keys that an unknown one was probably meant to be
  };

  Scope open(const Node& map, std::string what, std::span<const std::string_view> known,
             std::span<const ForeignKey> foreign);
  const Node* required(const Scope& scope, std::string_view key, std::string_view hint);
  bool is_string(const Node& value, std::string_view key);
  void check_version(const Scope& pipeline);
  void check_optional(const Scope& pipeline);
  std::string read_name(const Scope& pipeline);
  OmlStep read_step(const Node& node, std::size_t number);
  void read_id(const Scope& scope, OmlStep& step);
  void read_component(const Scope& scope, OmlStep& step);
  void read_mode(const Node& value, OmlStep& step);
  void read_config(const Scope& scope, OmlStep& step);
  void read_needs(const Scope& scope, OmlStep& step);
  void add_need(const Scope& scope, const Node& need, OmlStep& step);

  const ComponentCatalog& m_catalog;
  Diagnostics& m_diagnostics;
  std::unordered_map<std::string, Position> m_ids;
};

OmlDocument OmlReader::read(const Node& root) {
  const Scope pipeline = open(root, "the pipeline", k_document_keys, k_foreign_document_keys);
  check_version(pipeline);
  check_optional(pipeline);
  OmlDocument document;
  document.name = read_name(pipeline);
  const Node* steps = required(pipeline, "steps", "list the steps, each with id and component");
  if (steps == nullptr) return document;
  if (steps->kind != NodeKind::list || steps->items.empty()) {
    const bool is_list = steps->kind == NodeKind::list;
    m_diagnostics.add(Code::no_steps, steps->position,
                      fmt::format("invalid 'steps': must be a list of at least one step, not {}",
                                  is_list ? "an empty one" : with_article(steps->kind)));
    return document;
  }
  for (std::size_t i = 0; i < steps->items.size(); ++i) document.steps.push_back(read_step(steps->items[i], i + 1));
  return document;
}

OmlReader::Scope OmlReader::open(const Node& map, std::string what, std::span<const std::string_view> known,
                                 std::span<const ForeignKey> foreign) {
  Scope scope{map, std::move(what), {}};
  for (const MapEntry& entry : map.entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    std::string hint;
    std::string_view meant;
    Code code = Code::unknown_key;
    if (const auto found = std::ranges::find(foreign, entry.key, &ForeignKey::key); found != foreign.end()) {
      code = Code::foreign_key;
      hint = found->hint;
      meant = found->instead;
    } else if (const auto nearest = closest_match(entry.key, as_strings(known))) {
      hint = fmt::format("did you mean '{}'?", *nearest);
      meant = *std::ranges::find(known, *nearest);
    } else {
      hint = fmt::format("its keys are {}", join(as_strings(known), ", "));
    }
    Error& error = m_diagnostics.add(code, entry.key_position,
                                     fmt::format("unknown key '{}': {} has none of that name", entry.key, scope.what),
                                     std::move(hint));
    if (meant.empty()) continue;
    const bool is_free = map.find(meant) == nullptr && std::ranges::find(scope.meant, meant) == scope.meant.end();
    if (is_free) error.fix = fix_at(entry.key_position, entry.key, std::string(meant));
    scope.meant.push_back(meant);
  }
  return scope;
}

/// Null when the key is missing, which is an error unless the document has it under a wrong name.
const Node* OmlReader::required(const Scope& scope, std::string_view key, std::string_view hint) {
  if (const MapEntry* entry = scope.map.find(key)) return &entry->value;
  if (std::ranges::find(scope.meant, key) == scope.meant.end()) {
    m_diagnostics.add(Code::missing_key, scope.map.position,
                      fmt::format("missing key '{}': {} needs it", key, scope.what), std::string(hint));
  }
  return nullptr;
}

bool OmlReader::is_string(const Node& value, std::string_view key) {
  if (value.kind == NodeKind::string) return true;
  Error& error =
      m_diagnostics.add(Code::wrong_type, value.position,
                        fmt::format("invalid '{}': must be a string, not {}", key, with_article(value.kind)),
                        value.text.empty() ? "" : fmt::format("quote it: \"{}\"", value.text));
  if (!value.text.empty()) error.fix = fix_at(value.position, value.text, fmt::format("\"{}\"", value.text));
  return false;
}

void OmlReader::check_version(const Scope& pipeline) {
  const std::string wanted = fmt::format("write oml_version: \"{}\"", k_oml_version);
  const Node* version = required(pipeline, "oml_version", wanted);
  if (version == nullptr || (version->kind == NodeKind::string && version->text == k_oml_version)) return;
  Error& error = m_diagnostics.add(
      Code::unsupported_version, version->position,
      fmt::format("unsupported oml_version '{}': only {} is known", version->text, k_oml_version), wanted);
  if (version->text == "0.1") error.fix = fix_at(version->position, "0.1", fmt::format("\"{}\"", k_oml_version));
}

/// `description` and `metadata` are for people and tools: they are checked and go no further.
void OmlReader::check_optional(const Scope& pipeline) {
  if (const MapEntry* description = pipeline.map.find("description")) is_string(description->value, "description");
  if (const MapEntry* metadata = pipeline.map.find("metadata");
      metadata != nullptr && metadata->value.kind != NodeKind::map) {
    m_diagnostics.add(Code::wrong_type, metadata->value.position,
                      fmt::format("invalid 'metadata': must be a map, not {}", with_article(metadata->value.kind)));
  }
}

std::string OmlReader::read_name(const Scope& pipeline) {
  const Node* name = required(pipeline, "name", "give the pipeline a name");
  if (name == nullptr || !is_string(*name, "name")) return {};
  if (trim(name->text).empty()) {
    m_diagnostics.add(Code::invalid_name, name->position, "invalid 'name': must not be empty");
  } else if (std::ranges::any_of(name->text,
                                 [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    m_diagnostics.add(Code::invalid_name, name->position, "invalid 'name': must be one line of text");
  }
  return name->text;
}

OmlStep OmlReader::read_step(const Node& node, std::size_t number) {
  OmlStep step;
  step.position = step.config_position = node.position;
  if (node.kind != NodeKind::map) {
    m_diagnostics.add(Code::step_not_a_map, node.position,
                      fmt::format("invalid step {}: must be a map, not {}", number, with_article(node.kind)),
                      "write it as  - id: …  with its other keys below");
    return step;
  }
  const MapEntry* id = node.find("id");
  const bool has_id = id != nullptr && !id->value.text.empty();
  const Scope scope = open(node, has_id ? fmt::format("step '{}'", id->value.text) : fmt::format("step {}", number),
                           k_step_keys, k_foreign_step_keys);
  read_id(scope, step);
  read_component(scope, step);
  if (const MapEntry* mode = node.find("mode")) read_mode(mode->value, step);
  read_config(scope, step);
  read_needs(scope, step);
  return step;
}

void OmlReader::read_id(const Scope& scope, OmlStep& step) {
  const Node* id = required(scope, "id", "give the step an id, e.g. id: extract-orders");
  if (id == nullptr || !is_string(*id, "id")) return;
  step.position = id->position;
  step.id = id->text;
  if (const std::string problem = step_id_problem(id->text); !problem.empty()) {
    m_diagnostics.add(Code::invalid_id, id->position, fmt::format("invalid id '{}': {}", id->text, problem));
  }
  if (const auto [first, is_new] = m_ids.emplace(id->text, id->position); !is_new) {
    m_diagnostics.add(Code::duplicate_id, id->position,
                      fmt::format("duplicate id '{}': the step at line {} has it", id->text, first->second.line));
  }
}

void OmlReader::read_component(const Scope& scope, OmlStep& step) {
  const Node* name = required(scope, "component", "name what the step runs, e.g. component: duckdb.processor");
  if (name == nullptr || !is_string(*name, "component")) return;
  step.component = m_catalog.find(name->text);
  if (step.component != nullptr) {
    step.mode = step.component->modes.front();
    return;
  }
  const std::vector<std::string> names = m_catalog.names();
  const auto nearest = closest_match(name->text, names);
  Error& error = m_diagnostics.add(Code::unknown_component, name->position,
                                   fmt::format("unknown component '{}': {} names it", name->text, scope.what),
                                   nearest ? fmt::format("did you mean '{}'?", *nearest)
                                           : fmt::format("the components are {}", join(names, ", ")));
  if (nearest) error.fix = fix_at(name->position, name->text, *nearest);
}

void OmlReader::read_mode(const Node& value, OmlStep& step) {
  const auto mode = value.kind == NodeKind::string ? mode_from_string(value.text) : std::nullopt;
  if (step.component == nullptr) {
    if (!mode) {
      m_diagnostics.add(Code::wrong_mode, value.position,
                        fmt::format("invalid mode '{}': must be read, transform or write", value.text));
    }
    return;
  }
  const std::vector<Mode>& modes = step.component->modes;
  if (mode && std::ranges::find(modes, *mode) != modes.end()) {
    step.mode = *mode;
    return;
  }
  Error& error = m_diagnostics.add(
      Code::wrong_mode, value.position,
      fmt::format("invalid mode '{}': {} has only {}", value.text, step.component->name, to_string(modes.front())),
      fmt::format("write mode: {}, or leave it out", to_string(modes.front())));
  if (!value.text.empty()) error.fix = fix_at(value.position, value.text, std::string(to_string(modes.front())));
}

void OmlReader::read_config(const Scope& scope, OmlStep& step) {
  const MapEntry* entry = scope.map.find("config");
  if (entry == nullptr) {
    step.is_config_readable = std::ranges::find(scope.meant, "config") == scope.meant.end();
    return;
  }
  step.config_position = entry->key_position;
  if (entry->value.kind == NodeKind::map) {
    step.config = &entry->value;
  } else if (entry->value.kind != NodeKind::null) {
    step.is_config_readable = false;
    m_diagnostics.add(
        Code::wrong_type, entry->value.position,
        fmt::format("invalid 'config' of {}: must be a map, not {}", scope.what, with_article(entry->value.kind)));
  }
}

void OmlReader::read_needs(const Scope& scope, OmlStep& step) {
  const MapEntry* entry = scope.map.find("needs");
  if (entry == nullptr) {
    step.are_needs_readable = std::ranges::find(scope.meant, "needs") == scope.meant.end();
    return;
  }
  step.needs.emplace();
  if (entry->value.kind == NodeKind::list) {
    for (const Node& need : entry->value.items) add_need(scope, need, step);
  } else {
    add_need(scope, entry->value, step);
  }
}

void OmlReader::add_need(const Scope& scope, const Node& need, OmlStep& step) {
  if (need.kind != NodeKind::string) {
    step.are_needs_readable = false;
    Error& error = m_diagnostics.add(
        Code::wrong_type, need.position,
        fmt::format("invalid 'needs' of {}: must name steps, not {}", scope.what, with_article(need.kind)),
        need.text.empty() ? "" : fmt::format("quote it: \"{}\"", need.text));
    if (!need.text.empty()) error.fix = fix_at(need.position, need.text, fmt::format("\"{}\"", need.text));
  } else if (std::ranges::find(*step.needs, need.text, &OmlNeed::step_id) != step.needs->end()) {
    m_diagnostics.add(Code::duplicate_need, need.position,
                      fmt::format("duplicate need '{}': {} names it twice", need.text, scope.what));
  } else {
    step.needs->push_back({need.text, need.position});
  }
}

}  // namespace

OmlDocument read_oml(const Node& root, const ComponentCatalog& catalog, Diagnostics& diagnostics) {
  return OmlReader(catalog, diagnostics).read(root);
}

}  // namespace spillway::pipeline
