#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/diagnostics.hpp"

namespace spillway::pipeline {

struct MapEntry;

enum class NodeKind { null, boolean, integer, real, string, list, map };

/// "an integer", "a list" and so on, for messages.
std::string_view with_article(NodeKind kind);

/// A value of a YAML document that knows its place. A tree of values, at most k_max_depth deep (reader.hpp).
struct Node {
  NodeKind kind = NodeKind::null;
  Position position;
  std::string text;               ///< of a scalar, as it was written, without quotes
  std::vector<Node> items;        ///< of a list
  std::vector<MapEntry> entries;  ///< of a map, in the order of the document; keys are unique

  const MapEntry* find(std::string_view key) const;
  /// The value that a JSON pointer of map keys leads to; null when there is none.
  const Node* at_pointer(std::string_view pointer) const;
  nlohmann::json to_json() const;
};

struct MapEntry {
  std::string key;
  Position key_position;
  Node value;
};

/// The type of a plain (unquoted) scalar by the core schema of YAML 1.2: `no`, `1_000` and dates are strings.
NodeKind plain_scalar_kind(std::string_view text);
/// Whether an integer or real of the core schema fits what JSON holds: 64 bits, finite.
bool is_representable(NodeKind kind, std::string_view text);

}  // namespace spillway::pipeline
