#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace spillway::pipeline {

using Json = nlohmann::json;

/// What a component does with DataFrames: makes one, turns some into one, or consumes one.
enum class Role { extractor, processor, writer };
/// What a step asks of its component.
enum class Mode { read, transform, write };

std::string_view to_string(Role role);
std::string_view to_string(Mode mode);
std::optional<Role> role_from_string(std::string_view name);
std::optional<Mode> mode_from_string(std::string_view name);

/// What becomes of a step that sets a field of its connection itself.
enum class Override { allowed, warning, forbidden };
std::string_view to_string(Override policy);

/// The connection that a component takes, as the optional `connection` of its spec.
struct ConnectionSpec {
  std::string family;       ///< the part of the component's name before the '.', unless it says otherwise
  bool is_required = true;  ///< a step without `connection` gets the family's default one
  std::map<std::string, Override, std::less<>> fields;
};

/// A config that the component's author shows; a test validates each.
struct ComponentExample {
  std::string title;
  Json config;
};

/// A component as its spec.yaml describes it: what the validator, the help, the docs and the lock-down read.
struct ComponentSpec {
  std::string name;  ///< "<family>.<role>", which is also the name of its driver
  std::string version;
  std::string title;
  std::string description;
  Role role = Role::extractor;
  std::vector<Mode> modes;  ///< never empty; the first is what a step without `mode` gets
  std::vector<std::string> capabilities;
  Json config_schema;                    ///< JSON Schema draft 7 of a step's config, with defaults and descriptions
  std::vector<std::string> secrets;      ///< JSON pointers to config values that are secret
  std::vector<std::string> read_paths;   ///< JSON pointers to config values that name files the step reads
  std::vector<std::string> write_paths;  ///< the same for files it writes
  std::vector<std::string> input_sql;    ///< JSON pointers to config values that are SQL over the step's inputs
  std::optional<ConnectionSpec> connection;
  std::vector<ComponentExample> examples;
  std::vector<std::string> hints;  ///< short sentences for whoever writes a config, language models included
  std::string sha256;              ///< of the spec as canonical JSON
  std::string file;  ///< the spec.yaml of a project's own component, for which there is no driver; empty if built in
};

/// The files that a step's config names, globs as they stand and "-" (standard output) left out: what the engine's
/// lock-down lets the step touch.
struct StepPaths {
  std::vector<std::string> read;
  std::vector<std::string> write;
};
StepPaths step_paths(const ComponentSpec& spec, const Json& config);

/// The components by name. A spec is parsed when it is first asked for: a run needs few of them. Thread-safe.
class ComponentCatalog {
 public:
  /// `json_by_name` maps a component's name to its spec as JSON, as read_spec returns it (spec_document.hpp); the
  /// texts must outlive the catalog.
  explicit ComponentCatalog(std::map<std::string, std::string_view, std::less<>> json_by_name);
  ComponentCatalog(ComponentCatalog&&) noexcept;
  ComponentCatalog& operator=(ComponentCatalog&&) noexcept;
  ~ComponentCatalog();
  /// The components that are embedded in the binary (components/*/spec.yaml).
  static ComponentCatalog built_in();

  /// Adds a component that a project describes in `file`; `json` is what read_spec returned (spec_document.hpp).
  void add(const std::string& file, const Json& json);

  /// Null when there is none of that name. Valid as long as the catalog.
  const ComponentSpec* find(std::string_view name) const;
  std::vector<std::string> names() const;
  /// A component's spec as JSON, keys sorted; empty when there is none of that name.
  std::string_view json_of(std::string_view name) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace spillway::pipeline
