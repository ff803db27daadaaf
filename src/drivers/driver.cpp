#include "drivers/driver.hpp"

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::drivers {

void StepContext::artifact_created(std::string_view type, const std::filesystem::path& path) const {
  sink.event("artifact_created", {{"step_id", step_id},
                                  {"artifact_type", type},
                                  {"path", fmt::format("artifacts/{}/{}", step_id, path.filename().string())},
                                  {"size_bytes", std::filesystem::file_size(path)}});
}

const frame::ResolvedInput& required_input(const StepContext& context, std::string_view driver) {
  if (context.inputs.size() == 1) return context.inputs.front();
  if (context.inputs.empty()) {
    fail(ErrorCode::missing_input,
         fmt::format("{} requires 'df' input, but step '{}' was given none", driver, context.step_id),
         fmt::format("name the step whose rows it takes: needs: [<step id>] in step '{}'", context.step_id));
  }
  fail(ErrorCode::missing_input,
       fmt::format("{} requires 'df' input, but step '{}' was given {} inputs", driver, context.step_id,
                   context.inputs.size()),
       "join them in a duckdb.processor step first, and name that step in needs");
}

}  // namespace spillway::drivers
