#include "pipeline/spec_document.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "pipeline/config_schema.hpp"
#include "pipeline/meta_keys.hpp"
#include "pipeline/place.hpp"
#include "pipeline/reader.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

using Json = nlohmann::json;
using Path = std::vector<std::string>;

constexpr auto k_spec_schema = R"({
  "type": "object",
  "additionalProperties": false,
  "required": ["name", "version", "title", "description", "role", "modes", "configSchema"],
  "properties": {
    "name": {"type": "string", "description": "the name of the spec's folder, e.g. acme.extractor"},
    "version": {"type": "string", "minLength": 1, "description": "e.g. 1.0.0"},
    "title": {"type": "string", "minLength": 1, "description": "what it does, in a few words"},
    "description": {"type": "string", "minLength": 1, "description": "what it does, in a few sentences"},
    "role": {"enum": ["extractor", "processor", "writer"], "description": "extractor, processor or writer"},
    "modes": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"enum": ["read", "transform", "write"]},
              "description": "a list of read, transform and write; the first is what a step without mode gets"},
    "capabilities": {"type": "array", "items": {"type": "string"}},
    "configSchema": {"type": "object", "description": "the JSON Schema (draft 7) of a step's config"},
    "secrets": {"type": "array", "items": {"type": "string"}},
    "paths": {"type": "object", "additionalProperties": false, "properties": {
      "read": {"type": "array", "items": {"type": "string"}},
      "write": {"type": "array", "items": {"type": "string"}}}},
    "inputSql": {"type": "array", "items": {"type": "string"}},
    "connection": {"type": "object", "additionalProperties": false, "properties": {
      "family": {"type": "string", "minLength": 1},
      "required": {"type": "boolean"},
      "fields": {"type": "object", "additionalProperties": {"enum": ["allowed", "warning", "forbidden"]}}}},
    "examples": {"type": "array", "items": {"type": "object", "additionalProperties": false,
      "required": ["title", "config"],
      "properties": {"title": {"type": "string"}, "config": {"type": "object"}}}},
    "hints": {"type": "array", "items": {"type": "string"}}
  }
})";

bool is_name(std::string_view name) {
  constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
  return name.find('.') != std::string_view::npos && name.find("..") == std::string_view::npos &&
         !name.starts_with('.') && !name.ends_with('.') &&
         name.find_first_not_of(k_letters) == std::string_view::npos;
}

/// RFC 6901: each part after a slash, ~0 and ~1 for ~ and /.
bool is_pointer(const std::string& text) {
  if (!text.starts_with('/')) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

class SpecChecker {
 public:
  SpecChecker(const Node& root, Diagnostics& diagnostics)
      : m_root(root), m_json(root.to_json()), m_diagnostics(diagnostics) {}

  /// What comes later is looked at only when what it relies on is right.
  Json check(std::string_view folder) {
    if (!check_form()) return {};
    check_name(folder);
    for (const char* list : {"/secrets", "/paths/read", "/paths/write", "/inputSql"}) check_pointers(list);
    if (const auto schema = ConfigSchema::make(m_json["configSchema"])) {
      check_options();
      check_examples(*schema);
    } else {
      add({"configSchema"}, schema.error().message, "write JSON Schema, draft 7");
    }
    return std::move(m_json);
  }

 private:
  void add(const Path& path, std::string message, std::string hint = {}) {
    m_diagnostics.add(Code::invalid_spec, find_place(&m_root, m_root.position, path).position, std::move(message),
                      std::move(hint));
  }

  bool check_form() {
    const Json schema = Json::parse(k_spec_schema);
    const std::vector<ConfigProblem> problems = ConfigSchema(schema).check(m_json);
    for (const ConfigProblem& problem : problems) {
      const std::string key = path_text(problem.path);
      const Place place = find_place(&m_root, m_root.position, problem.path);
      switch (problem.kind) {
        case ConfigProblem::Kind::unknown_key:
          m_diagnostics.add(Code::invalid_spec, place.key_position,
                            fmt::format("unknown key '{}': a component's spec has none of that name", key),
                            problem.hint);
          break;
        case ConfigProblem::Kind::missing_key:
          m_diagnostics.add(Code::invalid_spec, place.key_position,
                            fmt::format("missing key '{}': a component's spec needs it", key), problem.hint);
          break;
        case ConfigProblem::Kind::invalid_value:
          m_diagnostics.add(Code::invalid_spec, place.position, fmt::format("invalid '{}': {}", key, problem.reason),
                            problem.hint);
          break;
      }
    }
    return problems.empty();
  }

  void check_name(std::string_view folder) {
    const auto name = m_json["name"].get<std::string>();
    if (!is_name(name)) {
      add({"name"}, fmt::format("invalid 'name': '{}' is no component's name", name),
          "write <family>.<role> in lower case letters, digits, _ and -, e.g. acme.extractor");
    } else if (name != folder) {
      add({"name"}, fmt::format("invalid 'name': '{}' is not the name of its folder, '{}'", name, folder),
          "rename one of them");
    }
  }

  void check_pointers(const char* list) {
    const Json::json_pointer place(list);
    if (!m_json.contains(place)) return;
    Path path = split(std::string_view(list).substr(1), '/');
    for (std::size_t i = 0; i < m_json[place].size(); ++i) {
      const auto pointer = m_json[place][i].get<std::string>();
      if (is_pointer(pointer)) continue;
      path.push_back(std::to_string(i));
      add(path, fmt::format("invalid '{}': '{}' is no JSON pointer", path_text(path), pointer),
          "write it as /option, or /option/part");
      path.pop_back();
    }
  }

  void check_options() {
    const Json& schema = m_json["configSchema"];
    if (!schema.contains("type") || schema["type"] != "object") {
      add({"configSchema"}, "invalid 'configSchema': a step's config is a map", "write type: object");
      return;
    }
    const Json options = schema.value("properties", Json::object());
    for (const auto& [name, option] : options.items()) {
      const Path path{"configSchema", "properties", name};
      if (std::ranges::find(k_meta_keys, name) != k_meta_keys.end()) {
        add(path, fmt::format("invalid option '{}': each step has a key of that name", name), "give it another name");
      }
      if (!option.contains("default")) continue;
      for (const ConfigProblem& problem : ConfigSchema(option).check(option["default"])) {
        Path place = path;
        place.emplace_back("default");
        add(place, fmt::format("invalid default of option '{}': {}", name, problem.reason));
      }
    }
  }

  void check_examples(const ConfigSchema& schema) {
    if (!m_json.contains("examples")) return;
    for (std::size_t i = 0; i < m_json["examples"].size(); ++i) {
      const Json& example = m_json["examples"][i];
      for (const ConfigProblem& problem : schema.check(example["config"])) {
        Path path{"examples", std::to_string(i), "config"};
        std::ranges::copy(problem.path, std::back_inserter(path));
        const Place place = find_place(&m_root, m_root.position, path);
        const bool is_value = problem.kind == ConfigProblem::Kind::invalid_value;
        const bool is_unknown = problem.kind == ConfigProblem::Kind::unknown_key;
        const std::string other = is_unknown ? "configSchema has none of that name" : "configSchema requires it";
        m_diagnostics.add(Code::invalid_spec, is_value ? place.position : place.key_position,
                          fmt::format("invalid option '{}' of example '{}': {}", path_text(problem.path),
                                      example["title"].get<std::string>(), is_value ? problem.reason : other),
                          problem.hint);
      }
    }
  }

  const Node& m_root;
  Json m_json;
  Diagnostics& m_diagnostics;
};

}  // namespace

Diagnosed<Json> read_spec(std::string_view text, const std::string& file_name, std::string_view folder) {
  Diagnostics diagnostics(file_name);
  const std::optional<Node> root = read_document(text, diagnostics);
  if (!root || !diagnostics.empty()) return Diagnosis(diagnostics.take());
  Json json = SpecChecker(*root, diagnostics).check(folder);
  if (!diagnostics.empty()) return Diagnosis(diagnostics.take());
  return json;
}

}  // namespace spillway::pipeline
