#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "config/redact.hpp"
#include "config/settings.hpp"
#include "run/plan.hpp"

namespace spillway::run {

/// What to run and how.
struct Request {
  Plan plan;
  config::Settings settings;
  nlohmann::json connections = nlohmann::json::object();  ///< resolved, secrets included; the redactor knows them
  config::Redactor redactor;
  std::filesystem::path base_dir;  ///< absolute: relative paths of step configs start here, and logs/ is here
  std::string target = "local";
  std::string profile;  ///< empty when none was chosen
};

}  // namespace spillway::run
