#pragma once

#include <memory>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/schema_explain.hpp"
#include "util/error.hpp"

namespace spillway::pipeline {

/// A component's configSchema (JSON Schema draft 7), compiled once. valijson judges whether a config fits; why it
/// does not is told by explain_problems.
class ConfigSchema {
 public:
  /// Throws when `schema` is no schema. Keeps a reference to it.
  explicit ConfigSchema(const nlohmann::json& schema);
  /// The same for a schema that may be none.
  static Result<ConfigSchema> make(const nlohmann::json& schema);
  ConfigSchema(ConfigSchema&&) noexcept;
  ConfigSchema& operator=(ConfigSchema&&) noexcept;
  ~ConfigSchema();

  /// Everything that is wrong with a config; empty when it is valid.
  std::vector<ConfigProblem> check(const nlohmann::json& config) const;
  /// Adds the default of every option that the config leaves out and that has one.
  void fill_defaults(nlohmann::json& config) const;

 private:
  struct Impl;
  explicit ConfigSchema(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> m_impl;
};

}  // namespace spillway::pipeline
