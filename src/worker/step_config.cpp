#include "worker/step_config.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/redact.hpp"
#include "pipeline/compile.hpp"
#include "util/error.hpp"
#include "util/file.hpp"
#include "util/sha256.hpp"

namespace spillway::worker {

StepConfig read_step_config(const std::filesystem::path& session_dir, const std::string& cfg_path) {
  const std::string text = value_or_throw(read_file(session_dir / cfg_path));
  StepConfig step;
  step.config = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!step.config.is_object()) {
    fail(ErrorCode::invalid_config, fmt::format("cannot use the step config '{}': it is no JSON object", cfg_path),
         "compile the pipeline again: spillway compile writes these files");
  }
  step.sha256 = sha256_hex(text);
  for (const auto& [key, value] : step.config.items()) step.keys.push_back(key);
  for (const std::string_view key : pipeline::k_meta_keys) {
    if (step.config.erase(std::string(key)) != 0) step.meta_keys.emplace_back(key);
  }
  return step;
}

Json cleaned_config(Json config, const pipeline::ComponentSpec& spec) {
  for (const std::string& pointer : spec.secrets) {
    const Json::json_pointer at(pointer);
    if (config.contains(at)) config[at] = config::k_mask;
  }
  return config::Redactor().redact(config);
}

}  // namespace spillway::worker
