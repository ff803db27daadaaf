#include "pipeline/oml_schema.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace spillway::pipeline {
namespace {

constexpr auto k_document_schema = R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "OML 0.1.0: a Spillway pipeline",
  "type": "object",
  "additionalProperties": false,
  "required": ["oml_version", "name", "steps"],
  "properties": {
    "oml_version": {"description": "The version of the language.", "const": "0.1.0"},
    "name": {"description": "The pipeline's name; its id is the name fit for a file.", "type": "string", "minLength": 1},
    "description": {"description": "For people.", "type": "string"},
    "metadata": {"description": "For people and tools; changes nothing of what runs.", "type": "object"},
    "params": {
      "description": "What ${params.name} stands for in the config of steps.",
      "type": "object",
      "additionalProperties": {
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "type": {"enum": ["string", "integer", "number", "boolean"]},
          "default": {"type": ["string", "number", "boolean", "null"]},
          "description": {"type": "string"},
          "enum": {"type": "array", "minItems": 1}
        }
      }
    },
    "profiles": {
      "description": "Named sets of values for the parameters, chosen by --profile.",
      "type": "object",
      "additionalProperties": {
        "type": "object",
        "properties": {"params": {"type": "object"}}
      }
    },
    "schedule": {
      "description": "When to run it, for whoever schedules: cron's five fields.",
      "anyOf": [
        {"type": "string"},
        {"type": "object", "additionalProperties": false, "required": ["cron"],
         "properties": {"cron": {"type": "string"}, "timezone": {"type": "string"}}}
      ]
    },
    "steps": {
      "description": "What runs; the order is free, needs and inputs decide.",
      "type": "array",
      "minItems": 1,
      "items": {"$ref": "#/definitions/step"}
    }
  },
  "definitions": {
    "parameter": {"type": "string", "pattern": "\\$\\{params\\.[A-Za-z_][A-Za-z0-9_]*\\}"},
    "step": {
      "type": "object",
      "additionalProperties": false,
      "required": ["id", "component"],
      "properties": {
        "id": {"description": "Unique in the pipeline.", "type": "string", "pattern": "^[A-Za-z0-9_.-]+$",
               "maxLength": 128},
        "component": {"description": "What the step runs."},
        "mode": {"description": "Follows from the component and may be left out.",
                 "enum": ["read", "transform", "write"]},
        "config": {"description": "The component's options.", "type": ["object", "null"]},
        "needs": {
          "description": "The steps that come first; their DataFrames are this step's inputs.",
          "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
        },
        "inputs": {
          "description": "The inputs by name, as ${step-id.df}; each implies the need.",
          "type": "object",
          "additionalProperties": {"type": "string"}
        },
        "materialize": {
          "description": "cache keeps the DataFrame until the run ends; stream hands the rows to the only step that reads them as they come.",
          "enum": ["cache", "stream"]
        }
      }
    }
  }
})json";

/// Whether ${params.name} is a valid value of an option already.
bool takes_any_string(const Json& schema) {
  if (schema.value("type", Json()) != "string") return false;
  constexpr std::array k_limits{"enum", "const", "pattern", "format", "maxLength"};
  return std::ranges::none_of(k_limits, [&](const char* limit) { return schema.contains(limit); });
}

Json relaxed(Json schema);

/// A value that may also be ${params.name}; what an editor shows of it stays where it looks.
Json or_parameter(const Json& original) {
  Json schema = relaxed(original);
  if (!schema.is_object() || takes_any_string(schema)) return schema;
  Json choice = Json::object();
  for (const char* shown : {"title", "description", "default"}) {
    if (!schema.contains(shown)) continue;
    choice[shown] = schema[shown];
    schema.erase(shown);
  }
  choice["anyOf"] = {std::move(schema), {{"$ref", "#/definitions/parameter"}}};
  return choice;
}

/// The schema with or_parameter wherever a value of its own stands.
Json relaxed(Json schema) {
  if (!schema.is_object()) return schema;
  if (const auto properties = schema.find("properties"); properties != schema.end()) {
    for (const auto& [name, property] : properties->items()) property = or_parameter(property);
  }
  for (const char* values : {"items", "additionalProperties"}) {
    if (const auto value = schema.find(values); value != schema.end()) *value = or_parameter(*value);
  }
  for (const char* branches : {"anyOf", "oneOf", "allOf"}) {
    const auto list = schema.find(branches);
    for (std::size_t i = 0; list != schema.end() && i < list->size(); ++i) (*list)[i] = relaxed((*list)[i]);
  }
  return schema;
}

/// A step may name its connection, and set its connection's fields as far as the spec lets it.
void add_connection(const ComponentSpec& spec, Json& config) {
  if (!spec.connection) return;
  Json& properties = config["properties"];
  if (!properties.contains("connection")) {
    properties["connection"] = {{"description", "The connection, as @" + spec.connection->family + ".alias."},
                                {"type", "string"}};
  }
  for (const auto& [field, policy] : spec.connection->fields) {
    if (policy != Override::forbidden && !properties.contains(field)) properties[field] = Json::object();
  }
}

Json branch_of(const ComponentSpec& spec) {
  Json config = relaxed(spec.config_schema);
  add_connection(spec, config);
  Json modes = Json::array();
  for (const Mode mode : spec.modes) modes.push_back(to_string(mode));
  Json then = {{"properties", {{"mode", {{"enum", std::move(modes)}}}}}};
  const bool needs_config = !config.value("required", Json::array()).empty();
  // A config that is left out, or empty, is a map without keys.
  if (!needs_config) config = {{"anyOf", {std::move(config), {{"type", "null"}}}}};
  then["properties"]["config"] = std::move(config);
  if (needs_config) then["required"] = {"config"};
  return {{"if", {{"required", {"component"}}, {"properties", {{"component", {{"const", spec.name}}}}}}},
          {"then", std::move(then)}};
}

}  // namespace

Json oml_schema(const ComponentCatalog& catalog) {
  Json schema = Json::parse(k_document_schema);
  Json& step = schema["definitions"]["step"];
  step["properties"]["component"]["enum"] = catalog.names();
  step["allOf"] = Json::array();
  for (const std::string& name : catalog.names()) step["allOf"].push_back(branch_of(*catalog.find(name)));
  return schema;
}

}  // namespace spillway::pipeline
