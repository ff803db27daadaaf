#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/compile.hpp"

namespace spillway::pipeline {

/// A document with these steps (YAML list items without indentation).
inline std::string document_of(std::string_view steps) {
  return "oml_version: \"0.1.0\"\nname: test\nsteps:\n" + std::string(steps);
}

inline const ComponentCatalog& built_in_catalog() {
  static const ComponentCatalog catalog = ComponentCatalog::built_in();
  return catalog;
}

/// An error as a terminal shows it, without its code and its source line: those are for the golden documents.
inline std::string plain_display(Error error) {
  error.id.clear();
  error.source_line.clear();
  return error.to_display();
}

/// The errors of a document in this form; empty when it compiles.
inline std::vector<std::string> errors_of(std::string_view text) {
  std::vector<std::string> errors;
  const auto compiled = compile(text, "p.yaml", built_in_catalog());
  if (compiled) return errors;
  for (const Error& error : compiled.error()) errors.push_back(plain_display(error));
  return errors;
}

inline Compiled compiled_or_fail(std::string_view text) {
  auto compiled = compile(text, "p.yaml", built_in_catalog());
  if (!compiled) {
    ADD_FAILURE() << compiled.error().front().to_display();
    return {};
  }
  return std::move(*compiled);
}

/// Three steps in a row: an extractor, a processor, a writer.
inline constexpr std::string_view k_three_steps = R"(
- id: extract
  component: filesystem.csv_extractor
  config: {path: in.csv}
- id: stats
  component: duckdb.processor
  config: {query: SELECT 1}
- id: write
  component: filesystem.csv_writer
  config: {path: out.csv}
)";

}  // namespace spillway::pipeline
