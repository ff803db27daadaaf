#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace spillway::pipeline {

/// What the compiler can find in a document. Each has a stable public id; the table in codes.cpp tells its cause and
/// its cure, and docs/errors.md is made from it.
enum class Code : std::uint8_t {
  // The text and its YAML
  too_large,
  invalid_utf8,
  control_character,
  invalid_yaml,
  tab_indentation,
  empty_document,
  not_a_map,
  second_document,
  duplicate_key,
  key_not_a_string,
  merge_key,
  unknown_tag,
  number_out_of_range,
  too_deep,
  ambiguous_number,
  // The keys of the pipeline and its steps
  missing_key,
  unknown_key,
  foreign_key,
  unsupported_version,
  wrong_type,
  invalid_name,
  no_steps,
  step_not_a_map,
  invalid_id,
  duplicate_id,
  unknown_component,
  wrong_mode,
  invalid_schedule,
  invalid_materialize,
  // How the steps fit together
  unknown_step,
  self_need,
  duplicate_need,
  cycle,
  no_input,
  input_from_writer,
  invalid_input_reference,
  invalid_input_name,
  input_not_taken,
  unknown_sql_input,
  unread_frame,
  ambiguous_input,
  cannot_stream,
  // The options of a step
  unknown_option,
  missing_option,
  invalid_option,
  // Parameters and profiles
  invalid_declaration,
  unknown_parameter,
  parameter_without_value,
  invalid_parameter_value,
  unknown_profile,
  misplaced_reference,
  unknown_reference,
  unused_parameter,
  // Connections and secrets
  invalid_connection,
  unknown_connection,
  no_default_connection,
  override_forbidden,
  override_discouraged,
  secret_in_pipeline,
  // Compiled manifests
  invalid_manifest,
  unsupported_manifest,
  edited_manifest,
  // The specs of a project's own components
  invalid_spec,
  built_in_component,
};

struct CodeEntry {
  Code code;
  std::string_view id;  ///< "OML201"; never given to something else
  std::string_view title;
  std::string_view cause;
  std::string_view cure;
};

/// Every code, in the order of their ids.
std::span<const CodeEntry> code_table();
std::string_view id_of(Code code);
/// Null when no code has this id; case does not matter.
const CodeEntry* find_code(std::string_view id);
/// docs/errors.md.
std::string errors_page();

}  // namespace spillway::pipeline
