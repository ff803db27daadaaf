#include "pipeline/oml.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "pipeline/cron.hpp"
#include "pipeline/inputs.hpp"
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

constexpr std::array<std::string_view, 8> k_document_keys{"oml_version", "name",   "steps",    "description",
                                                          "metadata",    "params", "profiles", "schedule"};
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

constexpr std::array<std::string_view, 7> k_step_keys{"id",    "component", "mode",       "config",
                                                      "needs", "inputs",    "materialize"};
constexpr std::array k_foreign_step_keys{
    ForeignKey{"name", "id", "write id instead"},
    ForeignKey{"driver", "component", "write component instead"},
    ForeignKey{"type", "component", "write component instead"},
    ForeignKey{"uses", "component", "write component instead"},
    ForeignKey{"depends_on", "needs", "write needs instead"},
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
  void read_inputs(const Scope& scope, OmlStep& step);
  void add_input(const Scope& scope, const MapEntry& entry, OmlStep& step);
  void read_materialize(const Node& value, const Scope& scope, OmlStep& step);
  void check_schedule(const Node& schedule);

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

/// `description`, `metadata` and `schedule` are for people and other tools: they are checked and go no further.
void OmlReader::check_optional(const Scope& pipeline) {
  if (const MapEntry* description = pipeline.map.find("description")) is_string(description->value, "description");
  if (const MapEntry* metadata = pipeline.map.find("metadata");
      metadata != nullptr && metadata->value.kind != NodeKind::map) {
    m_diagnostics.add(Code::wrong_type, metadata->value.position,
                      fmt::format("invalid 'metadata': must be a map, not {}", with_article(metadata->value.kind)));
  }
  if (const MapEntry* schedule = pipeline.map.find("schedule")) check_schedule(schedule->value);
}

/// A cron text, or a map of cron and timezone.
void OmlReader::check_schedule(const Node& schedule) {
  constexpr std::string_view k_hint =
      "write schedule: \"0 6 * * *\", or {cron: \"0 6 * * *\", timezone: Europe/Prague}";
  const Node* cron = &schedule;
  if (schedule.kind == NodeKind::map) {
    constexpr std::array<std::string_view, 2> k_schedule_keys{"cron", "timezone"};
    const Scope scope = open(schedule, "the schedule", k_schedule_keys, {});
    cron = required(scope, "cron", k_hint);
    const MapEntry* zone = schedule.find("timezone");
    if (zone != nullptr && is_string(zone->value, "timezone") && !is_time_zone_name(zone->value.text)) {
      m_diagnostics.add(Code::invalid_schedule, zone->value.position,
                        fmt::format("invalid timezone '{}': it is no name of a zone", zone->value.text),
                        "write UTC, or a name such as Europe/Prague");
    }
    if (cron == nullptr) return;
  }
  if (cron->kind != NodeKind::string) {
    m_diagnostics.add(Code::invalid_schedule, cron->position,
                      fmt::format("invalid schedule: must be a cron text or a map, not {}", with_article(cron->kind)),
                      std::string(k_hint));
  } else if (const std::string problem = cron_problem(cron->text); !problem.empty()) {
    m_diagnostics.add(Code::invalid_schedule, cron->position,
                      fmt::format("invalid schedule '{}': {}", cron->text, problem), std::string(k_hint));
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
  read_inputs(scope, step);
  if (const MapEntry* entry = node.find("materialize")) read_materialize(entry->value, scope, step);
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

void OmlReader::read_inputs(const Scope& scope, OmlStep& step) {
  const MapEntry* entry = scope.map.find("inputs");
  if (entry == nullptr) return;
  if (step.component != nullptr && step.component->role == Role::extractor) {
    m_diagnostics.add(Code::input_not_taken, entry->key_position,
                      fmt::format("invalid 'inputs' of {}: {} is an extractor and reads no DataFrame", scope.what,
                                  step.component->name),
                      "remove it; to run the step after another one, name that one in needs");
    return;
  }
  if (entry->value.kind != NodeKind::map || entry->value.entries.empty()) {
    step.are_needs_readable = false;
    const bool is_map = entry->value.kind == NodeKind::map;
    m_diagnostics.add(Code::wrong_type, entry->value.position,
                      fmt::format("invalid 'inputs' of {}: must be a map of at least one input, not {}", scope.what,
                                  is_map ? "an empty one" : with_article(entry->value.kind)),
                      "write inputs: {df: \"${step-id.df}\"}, or name the steps in needs");
    return;
  }
  for (const MapEntry& input : entry->value.entries) add_input(scope, input, step);
  // The order of keys means nothing, also not for the order of the needs.
  std::ranges::sort(step.inputs, {}, &OmlInput::key);
}

void OmlReader::add_input(const Scope& scope, const MapEntry& entry, OmlStep& step) {
  if (entry.key.empty() || sql_name_of(entry.key) != entry.key) {
    step.are_needs_readable = false;
    m_diagnostics.add(Code::invalid_input_name, entry.key_position,
                      fmt::format("invalid input '{}' of {}: a name has letters, digits and '_', and begins with no "
                                  "digit",
                                  entry.key, scope.what));
  }
  const std::string lower_key = to_lower(entry.key);
  const auto same = std::ranges::find(step.inputs, lower_key, [](const OmlInput& i) { return to_lower(i.key); });
  if (same != step.inputs.end()) {
    m_diagnostics.add(Code::invalid_input_name, entry.key_position,
                      fmt::format("invalid input '{}' of {}: SQL ignores case and cannot tell it from '{}'",
                                  entry.key, scope.what, same->key));
  }
  const std::string_view text = entry.value.text;
  const bool is_reference = entry.value.kind == NodeKind::string && text.starts_with("${") && text.ends_with('}');
  const std::string_view inner = is_reference ? text.substr(2, text.size() - 3) : text;
  const std::size_t dot = inner.rfind('.');
  const std::string_view output = dot == std::string_view::npos ? "" : inner.substr(dot + 1);
  if (is_reference && dot != std::string_view::npos && dot > 0 && output == "df") {
    step.inputs.push_back({entry.key, std::string(inner.substr(0, dot)), entry.value.position});
    return;
  }
  step.are_needs_readable = false;
  if (is_reference && dot != std::string_view::npos && dot > 0) {
    Error& error = m_diagnostics.add(Code::invalid_input_reference, entry.value.position,
                                     fmt::format("unknown output '{}' in input '{}' of {}: a step's DataFrame is df",
                                                 output, entry.key, scope.what),
                                     fmt::format("write \"${{{}.df}}\"", inner.substr(0, dot)));
    error.fix = fix_at(entry.value.position, std::string(text), fmt::format("${{{}.df}}", inner.substr(0, dot)));
    return;
  }
  const std::string_view id = output == "df" ? inner.substr(0, dot) : inner;
  const bool is_id = entry.value.kind == NodeKind::string && step_id_problem(id).empty();
  Error& error = m_diagnostics.add(
      Code::invalid_input_reference, entry.value.position,
      fmt::format("invalid input '{}' of {}: must be a reference to a step's DataFrame", entry.key, scope.what),
      is_id ? fmt::format("write \"${{{}.df}}\"", id) : "write \"${step-id.df}\"");
  if (is_id && !is_reference) {
    error.fix = fix_at(entry.value.position, std::string(text), fmt::format("\"${{{}.df}}\"", id));
  }
}

void OmlReader::read_materialize(const Node& value, const Scope& scope, OmlStep& step) {
  step.materialize_position = value.position;
  step.is_streamed = value.kind == NodeKind::string && value.text == "stream";
  if (step.is_streamed || (value.kind == NodeKind::string && value.text == "cache")) return;
  const auto nearest = closest_match(value.text, {"cache", "stream"});
  Error& error = m_diagnostics.add(
      Code::invalid_materialize, value.position,
      fmt::format("invalid 'materialize' of {}: must be cache or stream, not {}", scope.what,
                  value.kind == NodeKind::string ? fmt::format("'{}'", value.text) : with_article(value.kind)),
      nearest ? fmt::format("did you mean '{}'?", *nearest) : "leave it out, or write materialize: stream");
  if (nearest) error.fix = fix_at(value.position, value.text, *nearest);
}

}  // namespace

OmlDocument read_oml(const Node& root, const ComponentCatalog& catalog, Diagnostics& diagnostics) {
  return OmlReader(catalog, diagnostics).read(root);
}

}  // namespace spillway::pipeline
