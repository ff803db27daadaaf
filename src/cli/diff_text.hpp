#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "run/plan_diff.hpp"

namespace spillway::cli {

/// A diff of plans for people: "+ step", "- step", "~ step" with the keys that changed. Empty when nothing did.
std::string diff_text(const run::PlanDiff& diff);
/// The same as data: pipeline and steps.
nlohmann::ordered_json diff_json(const run::PlanDiff& diff);

}  // namespace spillway::cli
