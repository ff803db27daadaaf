#include "cli/plan_text.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/lines.hpp"
#include "cli/step_tree.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using nlohmann::ordered_json;
using pipeline::Json;
using pipeline::ManifestStep;

/// What a step touches, as far as its config says it.
struct Touched {
  pipeline::StepPaths paths;
  std::string connection;  ///< "@family.alias"; empty without one
  std::string write_mode;  ///< of a writer that has a choice: append, replace, …
  std::vector<std::string> destroyed;
};

bool file_exists(const std::string& path) {
  std::error_code status;
  return std::filesystem::exists(path, status);
}

std::string text_of(const Json& config, const char* option) {
  const auto value = config.find(option);
  return value != config.end() && value->is_string() ? value->get<std::string>() : "";
}

Touched touched_by(const run::Plan& plan, const ManifestStep& step, const pipeline::ComponentCatalog& catalog) {
  const pipeline::ComponentSpec* spec = catalog.find(step.driver);
  const auto text = plan.files.find(step.cfg_path);
  if (spec == nullptr || text == plan.files.end()) return {};
  const Json config = Json::parse(text->second);
  Touched touched{
      pipeline::step_paths(*spec, config), text_of(config, "connection"), text_of(config, "write_mode"), {}};
  std::ranges::copy_if(touched.paths.write, std::back_inserter(touched.destroyed), file_exists);
  if (touched.write_mode == "replace" && touched.paths.write.empty()) {
    const std::string table = text_of(config, "table");
    touched.destroyed.push_back(table.empty() ? touched.connection : "table " + table);
  }
  return touched;
}

std::string describe(const ManifestStep& step, const Touched& touched) {
  std::vector<std::string> parts;
  for (const pipeline::StepInput& input : step.inputs()) {
    parts.push_back(fmt::format("{} from {}", input.key, input.from_step));
  }
  if (!touched.connection.empty()) parts.push_back("through " + touched.connection);
  if (!touched.paths.read.empty()) parts.push_back("reads " + join(touched.paths.read, ", "));
  if (!touched.paths.write.empty()) parts.push_back("writes " + join(touched.paths.write, ", "));
  if (!touched.write_mode.empty()) parts.push_back("write mode " + touched.write_mode);
  if (step.is_streamed) parts.emplace_back("streamed");
  return join(parts, "; ");
}

std::string settings_line(const config::Settings& settings) {
  std::string text = fmt::format("settings: memory limit {}, {} thread{}, ", human_bytes(settings.memory_limit_bytes),
                                 settings.threads, settings.threads == 1 ? "" : "s");
  if (!settings.left_to_worker.empty()) text = "settings: memory and threads as the worker's machine has them, ";
  if (settings.force_spill) return text + "every frame is spilled\n";
  text += fmt::format("frames over {}", human_bytes(settings.spill_bytes));
  if (settings.spill_threshold_rows) {
    text += fmt::format(" or {} rows", with_thousands(*settings.spill_threshold_rows));
  }
  return text + " are spilled\n";
}

std::string plan_text(const run::Plan& plan, const config::Settings& settings,
                      const pipeline::ComponentCatalog& catalog) {
  const std::vector<TreeLine> tree = step_tree(plan.manifest);
  std::size_t id_width = 1;
  std::size_t driver_width = 1;
  for (const TreeLine& line : tree) {
    id_width = std::max(id_width, line.branch.size() + line.step->id.size());
    driver_width = std::max(driver_width, line.step->driver.size());
  }
  std::string text =
      fmt::format("{}: {}, as they would run\n", plan.manifest.pipeline_name, step_count(plan.manifest.steps.size()));
  std::set<std::string> connections;
  std::string destructive;
  for (const TreeLine& line : tree) {
    const ManifestStep& step = *line.step;
    const Touched touched = touched_by(plan, step, catalog);
    std::string shown = fmt::format("  {:<{}}  {:<{}}  {:<9}  {}", line.branch + step.id, id_width, step.driver,
                                    driver_width, to_string(step.mode), describe(step, touched));
    while (shown.ends_with(' ')) shown.pop_back();
    text += shown + "\n";
    if (!touched.connection.empty()) connections.insert(touched.connection);
    for (const std::string& target : touched.destroyed) {
      destructive += fmt::format("destructive: step '{}' replaces {}\n", step.id, target);
    }
  }
  if (!connections.empty())
    text += fmt::format("connections: {}\n", join({connections.begin(), connections.end()}, ", "));
  return text + destructive + settings_line(settings);
}

ordered_json step_json(const ManifestStep& step, const Touched& touched) {
  ordered_json inputs = ordered_json::object();
  for (const pipeline::StepInput& input : step.inputs()) inputs[input.key] = {{"from_step", input.from_step}};
  ordered_json json{{"step_id", step.id},           {"driver", step.driver},       {"mode", to_string(step.mode)},
                    {"needs", step.needs},          {"inputs", std::move(inputs)}, {"reads", touched.paths.read},
                    {"writes", touched.paths.write}};
  if (step.is_streamed) json["materialize"] = "stream";
  json["connection"] = touched.connection.empty() ? ordered_json() : ordered_json(touched.connection);
  json["write_mode"] = touched.write_mode.empty() ? ordered_json() : ordered_json(touched.write_mode);
  return json;
}

ordered_json plan_json(const run::Plan& plan, const config::Settings& settings,
                       const pipeline::ComponentCatalog& catalog) {
  ordered_json steps = ordered_json::array();
  ordered_json destructive = ordered_json::array();
  std::set<std::string> connections;
  for (const ManifestStep& step : plan.manifest.steps) {
    const Touched touched = touched_by(plan, step, catalog);
    steps.push_back(step_json(step, touched));
    if (!touched.connection.empty()) connections.insert(touched.connection);
    for (const std::string& target : touched.destroyed) {
      destructive.push_back({{"step_id", step.id}, {"replaces", target}});
    }
  }
  return {{"pipeline", plan.manifest.pipeline_name},
          {"manifest_hash", plan.manifest.hash()},
          {"exit_code", 0},
          {"steps", std::move(steps)},
          {"connections", connections},
          {"destructive", std::move(destructive)},
          {"settings", settings.to_json()}};
}

}  // namespace

void show_plan(const run::Plan& plan, const config::Settings& settings, const pipeline::ComponentCatalog& catalog,
               const Console& console) {
  if (console.is_json()) {
    console.json(plan_json(plan, settings, catalog));
  } else {
    console.data(plan_text(plan, settings, catalog));
  }
}

}  // namespace spillway::cli
