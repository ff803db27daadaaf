#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

constexpr std::array k_verbs{
    Verb{"init", "Make a project that runs as it stands", make_init_command},
    Verb{"run", "Run a pipeline, or a compiled manifest", make_run_command},
    Verb{"validate", "Show everything that is wrong with a pipeline", make_validate_command},
    Verb{"compile", "Turn a pipeline into a manifest", make_compile_command},
    Verb{"plan", "Show what a run would do and touch", make_plan_command},
    Verb{"diff", "Show what changed between two pipelines or manifests", make_diff_command},
    Verb{"explain", "Explain an error code", make_explain_command},
    Verb{"components", "Explain the components that steps are made of", make_components_command},
    Verb{"connections", "List the project's connections, or see whether they work", make_connections_command},
    Verb{"discover", "Show what tables a connection has", make_discover_command},
    Verb{"doctor", "See whether the host of the sandboxes can run pipelines", make_doctor_command},
    Verb{"sandboxes", "List the sandboxes that runs have, or delete leftovers", make_sandboxes_command},
    Verb{"e2b", "Make a template of E2B with the worker in it", make_e2b_command},
    Verb{"schema", "Print the JSON Schema of pipelines", make_schema_command},
    Verb{"completions", "Print the completions of a shell", make_completions_command},
    Verb{"worker", "Serve the worker protocol on standard input and output", make_worker_command},
    Verb{"sandboxd", "Make sandboxes for others, through the interface of E2B", make_sandboxd_command},
    Verb{"version", "Show the version", make_version_command},
    Verb{"help", "Explain a command", make_help_command},
};

}  // namespace

std::span<const Verb> verbs() { return k_verbs; }

const Verb* find_verb(std::string_view name) {
  const auto* verb = std::ranges::find(k_verbs, name, &Verb::name);
  return verb == k_verbs.end() ? nullptr : verb;
}

Error unknown_verb(std::string_view name) {
  std::vector<std::string> names;
  for (const Verb& verb : k_verbs) names.emplace_back(verb.name);
  const auto near = closest_match(name, names);
  return make_error(
      ErrorCode::usage, fmt::format("unknown command '{}'", name),
      near ? fmt::format("did you mean '{}'?", *near) : fmt::format("the commands are {}", join(names, ", ")));
}

}  // namespace spillway::cli
