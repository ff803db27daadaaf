#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace spillway::pipeline {

/// What is wrong with one value of a config.
struct ConfigProblem {
  enum class Kind { unknown_key, missing_key, invalid_value };
  Kind kind = Kind::invalid_value;
  std::vector<std::string> path;  ///< keys and list indices, from the config's root
  std::string reason;             ///< of an invalid value: "must be at least 0, but is -5"
  std::string hint;
  std::string nearest;        ///< the key, or the value, that was probably meant
  bool wants_string = false;  ///< the value is none, and a string would do: quotes may be missing
};

/// "path", "types.price", "path[1]": a path as people write it.
std::string path_text(const std::vector<std::string>& path);

/// Why a value does not fit a JSON Schema, in English, for the keywords that specs use: type, enum, const, bounds,
/// lengths, item counts, uniqueItems, properties, required, additionalProperties, items, anyOf, oneOf, and `not` of a
/// const. Whether it fits is for the validator to say (config_schema.hpp): this finds nothing where only another
/// keyword is broken.
std::vector<ConfigProblem> explain_problems(const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace spillway::pipeline
