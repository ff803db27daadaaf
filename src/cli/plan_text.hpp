#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "config/settings.hpp"
#include "run/plan.hpp"

namespace spillway::cli {

/// What a run would do, for people: a line a step with its inputs and the files it touches, then the settings.
std::string plan_text(const run::Plan& plan, const config::Settings& settings,
                      const pipeline::ComponentCatalog& catalog);
/// The same as data.
nlohmann::ordered_json plan_json(const run::Plan& plan, const config::Settings& settings,
                                 const pipeline::ComponentCatalog& catalog);

}  // namespace spillway::cli
