#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "run/plan.hpp"

namespace spillway::run {

/// A key of a step that differs; unset where the step has none.
struct KeyChange {
  std::string key;  ///< driver, mode, needs, or config.<option>, nested ones with dots
  std::optional<nlohmann::json> before;
  std::optional<nlohmann::json> after;
};

struct StepDiff {
  enum class Kind { added, removed, changed };
  std::string step_id;
  std::string driver;  ///< the new one, of a removed step the old one
  Kind kind = Kind::changed;
  std::vector<KeyChange> keys;  ///< of a changed step
  /// The places in the two orders, from 1, of a step that now stands elsewhere among those that both have.
  std::optional<std::pair<std::size_t, std::size_t>> moved;
};

struct PlanDiff {
  std::optional<std::pair<std::string, std::string>> name;  ///< of the pipeline, when it changed
  std::vector<StepDiff> steps;                              ///< in the order of the new plan, removed ones first
  bool empty() const { return !name && steps.empty(); }
};

/// What changed from one plan to the other. A value that may be a secret is masked: it shows that it changed only.
PlanDiff diff_plans(const Plan& before, const Plan& after);

}  // namespace spillway::run
