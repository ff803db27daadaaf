#include "pipeline/codes.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::array k_entries{
    CodeEntry{Code::too_large, "OML001", "Document too large",
              "The file has more than 16 MB, or its aliases stand for more than 500,000 values or 32 MB of text.",
              "Check that it is the pipeline and not a data file; keep data in files that steps read."},
    CodeEntry{Code::invalid_utf8, "OML002", "Invalid UTF-8",
              "The file has bytes that are no UTF-8: it was saved in another encoding, or is no text.",
              "Save the file as UTF-8."},
    CodeEntry{Code::control_character, "OML003", "Control character",
              "The file has a character such as NUL that no text holds. Editors often do not show it.",
              "Remove it; the message has its place."},
    CodeEntry{Code::invalid_yaml, "OML004", "Invalid YAML",
              "The text is no YAML: a quote or bracket is not closed, the indentation is uneven, or text that holds "
              "': ' or begins with a special character is not quoted.",
              "Indent the keys of a map alike, and quote text with special characters."},
    CodeEntry{Code::tab_indentation, "OML005", "A tab as indentation", "YAML allows only blanks to indent.",
              "Replace the tab by blanks."},
    CodeEntry{Code::empty_document, "OML006", "Empty document", "The file holds nothing, or comments only.",
              "Write at least oml_version, name and steps."},
    CodeEntry{Code::not_a_map, "OML007", "Document is no map",
              "The document is a list or a single value instead of a map of keys.",
              "Begin with the keys oml_version, name and steps, without indentation."},
    CodeEntry{Code::second_document, "OML008", "More than one document",
              "A line --- begins a second document in the same file.", "Put each pipeline in a file of its own."},
    CodeEntry{Code::duplicate_key, "OML009", "Duplicate key",
              "A map has the same key twice. Other readers silently keep the last one.", "Keep one of the two."},
    CodeEntry{Code::key_not_a_string, "OML010", "A key that is no string",
              "A key reads as a number, a boolean, null, a list or a map.", "Quote the key."},
    CodeEntry{Code::merge_key, "OML011", "Merge key", "The key << is no part of YAML 1.2.", "Write the keys out."},
    CodeEntry{Code::unknown_tag, "OML012", "Tag",
              "A value has a YAML tag such as !include; a pipeline holds plain values.", "Remove the tag."},
    CodeEntry{Code::number_out_of_range, "OML013", "Number out of range",
              "An integer does not fit 64 bits, or a number is not finite.", "Quote it if it is text."},
    CodeEntry{Code::too_deep, "OML014", "Document too deep", "Lists and maps nest to more than 64 levels.",
              "Flatten the document."},
    CodeEntry{Code::ambiguous_number, "OML015", "Ambiguous number",
              "An integer is written with a leading zero: 017 is fifteen to older YAML, seventeen to YAML 1.2, and a "
              "postal code loses its zero.",
              "Quote it if it is text, else leave the zero out (octal is 0o17)."},

    CodeEntry{Code::missing_key, "OML101", "Missing key",
              "A key that the pipeline or a step cannot do without is absent.", "Add it; the hint shows how."},
    CodeEntry{Code::unknown_key, "OML102", "Unknown key", "The pipeline or a step has no key of this name.",
              "Correct the name, or remove the key."},
    CodeEntry{Code::foreign_key, "OML103", "A key of another dialect",
              "The key belongs to another tool or version: version, connectors, tasks and outputs are no keys of "
              "OML 0.1.0, nor are driver, type or depends_on keys of a step.",
              "version: write oml_version. connectors: name a component in each step, and its connection in its "
              "config. tasks: write steps. outputs: add a step with a writer component."},
    CodeEntry{Code::unsupported_version, "OML104", "Unsupported oml_version",
              "The document asks for another version of OML.", "Write oml_version: \"0.1.0\", in quotes."},
    CodeEntry{Code::wrong_type, "OML105", "Value of the wrong type",
              "A key has a value of a type that it does not take.",
              "Write the type that the message names; quote a number or boolean that is meant as text."},
    CodeEntry{Code::invalid_name, "OML106", "Invalid name", "The pipeline's name is empty or has more than one line.",
              "Give the pipeline a name of one line."},
    CodeEntry{Code::no_steps, "OML107", "No steps", "steps is not a list of at least one step.",
              "Write each step as an item of a list, with id and component."},
    CodeEntry{Code::step_not_a_map, "OML108", "Step is no map",
              "An item of steps is text or a list instead of a map of keys.",
              "Write it as - id: …, with its other keys below."},
    CodeEntry{
        Code::invalid_id, "OML109", "Invalid id",
        "An id names a folder and a file: it has letters, digits, '_', '-' and '.', at most 128 of them, begins "
        "with no '-' or '.', and has no '..'.",
        "Choose another id."},
    CodeEntry{Code::duplicate_id, "OML110", "Duplicate id", "Two steps have the same id.", "Rename one of them."},
    CodeEntry{Code::unknown_component, "OML111", "Unknown component", "No component has this name.",
              "spillway help components lists the known ones."},
    CodeEntry{Code::wrong_mode, "OML112", "Wrong mode",
              "The component has no such mode: extractors read, processors "
              "transform, writers write.",
              "Leave mode out: it follows from the component."},
    CodeEntry{Code::invalid_schedule, "OML113", "Invalid schedule",
              "schedule is neither a cron text of five fields nor a map of cron and timezone.",
              "Write schedule: \"0 6 * * *\", or a map with cron and a timezone such as Europe/Prague."},
    CodeEntry{Code::invalid_materialize, "OML114", "Invalid materialize",
              "materialize is neither cache, which keeps the step's DataFrame until the run ends, nor stream.",
              "Leave it out, or write materialize: stream."},

    CodeEntry{Code::unknown_step, "OML201", "Unknown step",
              "needs or inputs name a step that the pipeline does not have.",
              "Correct the name; the hint shows the nearest one."},
    CodeEntry{Code::self_need, "OML202", "A step needs itself", "A step names itself in needs or inputs.",
              "Name the step whose rows it reads."},
    CodeEntry{Code::duplicate_need, "OML203", "Duplicate need", "A step names the same need twice.",
              "Remove one of the two."},
    CodeEntry{Code::cycle, "OML204", "Cycle", "Steps wait for each other in a loop; the message shows all of it.",
              "Remove one of the needs of the loop."},
    CodeEntry{Code::no_input, "OML205", "Step without input",
              "A processor or writer has nothing to read: it is the first step, or its needs are empty.",
              "Name the step that it reads in needs."},
    CodeEntry{Code::input_from_writer, "OML206", "Input from a writer",
              "The step would read the DataFrame of a writer, which produces none.",
              "Name the step that made the rows instead; several steps can read the same one."},
    CodeEntry{Code::invalid_input_reference, "OML207", "Invalid input reference",
              "A value of inputs is no reference to a step's DataFrame.", "Write inputs: {df: \"${step-id.df}\"}."},
    CodeEntry{Code::invalid_input_name, "OML208", "Invalid input name",
              "A key of inputs is no SQL name, or SQL, which ignores case, cannot tell it from another.",
              "Use letters, digits and '_', not beginning with a digit."},
    CodeEntry{Code::input_not_taken, "OML209", "Extractor with inputs",
              "The step has inputs, but an extractor reads no DataFrame.",
              "Remove inputs; to run it after another step, name that step in needs."},
    CodeEntry{
        Code::unknown_sql_input, "OML210", "SQL names an unknown input",
        "The query reads from a name like df_orders that none of the step's inputs has.",
        "Correct the name, or add the step to needs. A single input is df; several are df_<step id>, with every "
        "character but letters, digits and _ replaced by _."},
    CodeEntry{Code::unread_frame, "OML211", "Unread step (warning)", "No step reads this step's DataFrame.",
              "Add a step that needs it, or remove it."},
    CodeEntry{Code::ambiguous_input, "OML212", "Ambiguous input names (warning)",
              "The ids of two inputs differ only in characters that SQL does not tell apart, so their views carry a "
              "hash.",
              "Use the view that the message names, give the inputs names of their own with inputs, or rename "
              "a step."},
    CodeEntry{Code::cannot_stream, "OML213", "Step cannot be streamed",
              "With materialize: stream the rows go straight to the step that reads them, and only once: exactly one "
              "step has to need this one, and read it.",
              "Leave materialize out where several steps need this one, or where it is a writer."},

    CodeEntry{Code::unknown_option, "OML301", "Unknown option", "The component has no option of this name.",
              "Correct the name; spillway components show NAME lists the options."},
    CodeEntry{Code::missing_option, "OML302", "Missing option", "The component cannot do without this option.",
              "Add it to the step's config."},
    CodeEntry{Code::invalid_option, "OML303", "Invalid option value",
              "The value has the wrong type, is out of range, or is none of those that the option knows.",
              "The message says what is accepted."},

    CodeEntry{
        Code::invalid_declaration, "OML401", "Invalid parameter declaration",
        "An entry of params or profiles is malformed: an unknown type, a default that does not fit, a name that "
        "is no name.",
        "Write params: {limit: {type: integer, default: 100}}; the types are string, integer, number, boolean."},
    CodeEntry{Code::unknown_parameter, "OML402", "Unknown parameter",
              "A reference, a profile or --param names a parameter that params does not declare.",
              "Correct the name, or declare it in params."},
    CodeEntry{
        Code::parameter_without_value, "OML403", "Parameter without value",
        "The parameter has no default, and neither --param nor SPILLWAY_PARAM_NAME nor the profile gives it one.",
        "Give it with --param name=value, or give it a default."},
    CodeEntry{Code::invalid_parameter_value, "OML404", "Invalid parameter value",
              "The value does not have the declared type, or is none of the enum.", "Give a value that fits."},
    CodeEntry{Code::unknown_profile, "OML405", "Unknown profile",
              "--profile names a profile that profiles does not have.", "Choose one of those that the hint lists."},
    CodeEntry{Code::misplaced_reference, "OML406", "Misplaced reference",
              "${params.name} stands where parameters are not replaced: they are in the config of steps only.",
              "Write the value out there."},
    CodeEntry{
        Code::unknown_reference, "OML407", "Unknown reference",
        "A config has a ${…} that is no ${params.name}. Variables of the environment are read in "
        "spillway_connections.yaml only.",
        "Declare a parameter; SPILLWAY_PARAM_NAME gives it from the environment. Write $${…} for the text ${…}."},
    CodeEntry{Code::unused_parameter, "OML408", "Unused parameter (warning)", "No config refers to the parameter.",
              "Refer to it as ${params.name}, or remove it."},

    CodeEntry{
        Code::invalid_connection, "OML501", "Invalid connection reference",
        "connection is no @family.alias, is of another family than the component's, or the component takes none.",
        "Write connection: \"@family.alias\", e.g. \"@mysql.main\"."},
    CodeEntry{Code::unknown_connection, "OML502", "Unknown connection",
              "spillway_connections.yaml has no connection of this family and alias, or there is no such file.",
              "Correct the name, or add the connection to spillway_connections.yaml."},
    CodeEntry{Code::no_default_connection, "OML503", "No default connection",
              "The step names no alias, and the family has none or several of which none is marked default: true or "
              "named default.",
              "Name one: connection: \"@family.alias\"."},
    CodeEntry{Code::override_forbidden, "OML504", "Connection field may not be overridden",
              "The step's config sets a field that belongs to its connection.",
              "Set it in spillway_connections.yaml, or use another connection."},
    CodeEntry{Code::override_discouraged, "OML505", "Connection field overridden (warning)",
              "The step's config sets a field that its connection has too; the step's value is used.",
              "Check that this is meant."},
    CodeEntry{
        Code::secret_in_pipeline, "OML506", "Secret in the pipeline",
        "A value is a secret by the component's spec, by the name of its key, or by its look (a token, a private "
        "key, a URL with a password). Pipelines and manifests are shared and kept.",
        "Take it out, revoke it if the file was shared, and put it in spillway_connections.yaml as ${VARIABLE}."},

    CodeEntry{Code::invalid_manifest, "OML601", "Invalid manifest", "The file claims to be a manifest and is none.",
              "Compile the pipeline again."},
    CodeEntry{Code::unsupported_manifest, "OML602", "Unsupported manifest_version",
              "The manifest was compiled by a Spillway with another format.", "Compile the pipeline again."},
    CodeEntry{Code::edited_manifest, "OML603", "Edited manifest",
              "The manifest, or a file of its cfg/, is not what the compiler wrote.",
              "Edit the pipeline and compile it again."},

    CodeEntry{Code::invalid_spec, "OML701", "Invalid component spec",
              "A spec.yaml in the project's components/ is not as a spec has to be, or what it says does not hold "
              "together: an example or a default that its configSchema refuses, a name that is not its folder's.",
              "The message says what is wrong; spillway components show NAME --json shows a built-in one."},
    CodeEntry{Code::built_in_component, "OML702", "Component is built in",
              "A spec.yaml in the project's components/ has the name of a built-in component and says something "
              "else than that one's.",
              "Give the component, and its folder, a name of its own."},
};

}  // namespace

std::span<const CodeEntry> code_table() { return k_entries; }

std::string_view id_of(Code code) { return std::ranges::find(k_entries, code, &CodeEntry::code)->id; }

const CodeEntry* find_code(std::string_view id) {
  const std::string lower = to_lower(id);
  const auto* entry =
      std::ranges::find_if(k_entries, [&](const CodeEntry& candidate) { return to_lower(candidate.id) == lower; });
  return entry == k_entries.end() ? nullptr : entry;
}

std::string errors_page() {
  std::string page =
      "# Error codes\n\n"
      "What the compiler finds in a pipeline, with its cause and its cure; `spillway explain CODE` shows the same. "
      "A\n"
      "code keeps its meaning. This page is made from `src/pipeline/codes.cpp`.\n";
  for (const CodeEntry& entry : k_entries) {
    page += fmt::format("\n## {}: {}\n\n{}\n\n**Cure**: {}\n", entry.id, entry.title, entry.cause, entry.cure);
  }
  return page;
}

}  // namespace spillway::pipeline
