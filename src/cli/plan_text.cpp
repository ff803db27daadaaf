#include "cli/plan_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/lines.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using nlohmann::ordered_json;
using pipeline::Json;
using pipeline::ManifestStep;

pipeline::StepPaths paths_of(const run::Plan& plan, const ManifestStep& step,
                             const pipeline::ComponentCatalog& catalog) {
  const pipeline::ComponentSpec* spec = catalog.find(step.driver);
  const auto text = plan.files.find(step.cfg_path);
  if (spec == nullptr || text == plan.files.end()) return {};
  return pipeline::step_paths(*spec, Json::parse(text->second));
}

std::string describe(const ManifestStep& step, const pipeline::StepPaths& paths) {
  std::vector<std::string> parts;
  for (const pipeline::StepInput& input : step.inputs()) {
    parts.push_back(fmt::format("{} from {}", input.key, input.from_step));
  }
  if (!paths.read.empty()) parts.push_back("reads " + join(paths.read, ", "));
  if (!paths.write.empty()) parts.push_back("writes " + join(paths.write, ", "));
  return join(parts, "; ");
}

std::string settings_line(const config::Settings& settings) {
  std::string text = fmt::format("settings: memory limit {}, {} thread{}, ", human_bytes(settings.memory_limit_bytes),
                                 settings.threads, settings.threads == 1 ? "" : "s");
  if (settings.force_spill) return text + "every frame is spilled\n";
  text += fmt::format("frames over {}", human_bytes(settings.spill_bytes));
  if (settings.spill_threshold_rows) {
    text += fmt::format(" or {} rows", with_thousands(*settings.spill_threshold_rows));
  }
  return text + " are spilled\n";
}

}  // namespace

std::string plan_text(const run::Plan& plan, const config::Settings& settings,
                      const pipeline::ComponentCatalog& catalog) {
  std::size_t id_width = 1;
  std::size_t driver_width = 1;
  for (const ManifestStep& step : plan.manifest.steps) {
    id_width = std::max(id_width, step.id.size());
    driver_width = std::max(driver_width, step.driver.size());
  }
  std::string text =
      fmt::format("{}: {}, as they would run\n", plan.manifest.pipeline_name, step_count(plan.manifest.steps.size()));
  for (const ManifestStep& step : plan.manifest.steps) {
    text += fmt::format("  {:<{}}  {:<{}}  {}\n", step.id, id_width, step.driver, driver_width,
                        describe(step, paths_of(plan, step, catalog)));
  }
  return text + settings_line(settings);
}

ordered_json plan_json(const run::Plan& plan, const config::Settings& settings,
                       const pipeline::ComponentCatalog& catalog) {
  ordered_json steps = ordered_json::array();
  for (const ManifestStep& step : plan.manifest.steps) {
    const pipeline::StepPaths paths = paths_of(plan, step, catalog);
    ordered_json inputs = ordered_json::object();
    for (const pipeline::StepInput& input : step.inputs()) inputs[input.key] = {{"from_step", input.from_step}};
    steps.push_back({{"step_id", step.id},
                     {"driver", step.driver},
                     {"needs", step.needs},
                     {"inputs", std::move(inputs)},
                     {"reads", paths.read},
                     {"writes", paths.write}});
  }
  return {{"pipeline", plan.manifest.pipeline_name},
          {"manifest_hash", plan.manifest.hash()},
          {"exit_code", 0},
          {"steps", std::move(steps)},
          {"settings", settings.to_json()}};
}

}  // namespace spillway::cli
