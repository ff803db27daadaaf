#pragma once

#include <string_view>

#include "pipeline/diagnostics.hpp"
#include "pipeline/node.hpp"

namespace spillway::pipeline {

/// Limits of a document: a file that passes one is refused at once, whatever its aliases would expand to.
inline constexpr std::size_t k_max_document_bytes = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t k_max_depth = 64;
inline constexpr std::size_t k_max_nodes = 500'000;

/// Reads one YAML 1.2 document (UTF-8; a byte order mark and CRLF are accepted) into a tree whose root is a map.
/// What YAML allows and people get wrong is refused: duplicate and non-string keys, tabs as indentation, a second
/// document, merge keys, tags, numbers that do not fit 64 bits. Null when the document cannot be read at all; what is
/// wrong is then, or beside the tree, in `diagnostics`.
std::optional<Node> read_document(std::string_view text, Diagnostics& diagnostics);

}  // namespace spillway::pipeline
