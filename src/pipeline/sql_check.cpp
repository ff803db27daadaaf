#include "pipeline/sql_check.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "pipeline/inputs.hpp"
#include "pipeline/sql_names.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// Only such names are surely meant as inputs: anything else may be something that the engine knows.
bool looks_like_input(const std::string& lower_name) {
  return lower_name == "df" || lower_name == "input_df" || lower_name.starts_with("df_");
}

void check_query(const OmlStep& step, const std::vector<StepInput>& inputs, const Node& query,
                 Diagnostics& diagnostics) {
  std::vector<std::string> views;
  for (const StepInput& input : inputs)
    std::ranges::copy(view_names(input, inputs.size()), std::back_inserter(views));
  const auto is_view = [&](const std::string& lower_name) {
    return std::ranges::any_of(views, [&](const std::string& view) { return to_lower(view) == lower_name; });
  };
  for (const std::string& name : table_names_in(query.text)) {
    const std::string lower_name = to_lower(name);
    if (!looks_like_input(lower_name) || is_view(lower_name)) continue;
    const auto nearest = closest_match(name, views);
    const Position position = diagnostics.find_word(query.position, name);
    Error& error = diagnostics.add(
        Code::unknown_sql_input, position,
        fmt::format("unknown input '{}' in the SQL of step '{}': none of its inputs has this name", name, step.id),
        nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("its inputs are {}", join(views, ", ")));
    if (nearest) error.fix = fix_at(position, name, *nearest);
  }
}

}  // namespace

void check_sql_inputs(const OmlDocument& document, const Graph& graph, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < document.steps.size(); ++i) {
    const OmlStep& step = document.steps[i];
    if (step.component == nullptr || !graph.is_resolved[i]) continue;
    const std::vector<StepInput> inputs = inputs_of(document, graph, i);
    if (inputs.empty()) continue;
    for (const std::string& pointer : step.component->input_sql) {
      const Node* query = step.config == nullptr ? nullptr : step.config->at_pointer(pointer);
      if (query != nullptr && query->kind == NodeKind::string) check_query(step, inputs, *query, diagnostics);
    }
  }
}

}  // namespace spillway::pipeline
