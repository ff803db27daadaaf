#include "run/plan_diff.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "pipeline/meta_keys.hpp"
#include "util/secret.hpp"

namespace spillway::run {
namespace {

using Json = nlohmann::json;
using pipeline::ManifestStep;

constexpr auto k_masked = "***";

Json masked(const std::string& key, const Json& value) {
  if (value.is_structured()) {
    Json result = value;
    for (const auto& [name, part] : result.items()) part = masked(value.is_object() ? name : key, part);
    return result;
  }
  if (is_secret_key(key)) return k_masked;
  return value.is_string() && !secret_shape(value.get<std::string>()).empty() ? Json(k_masked) : value;
}

class StepComparison {
 public:
  std::vector<KeyChange> take() { return std::move(m_changes); }

  /// Maps are compared key by key, everything else as a whole.
  void compare(const std::string& place, const std::string& key, const Json* before, const Json* after) {
    if (before != nullptr && after != nullptr && before->is_object() && after->is_object()) {
      std::set<std::string> names;
      for (const Json* map : {before, after}) {
        for (const auto& entry : map->items()) names.insert(entry.key());
      }
      for (const std::string& name : names) {
        compare(fmt::format("{}.{}", place, name), name, member(*before, name), member(*after, name));
      }
      return;
    }
    if (before != nullptr && after != nullptr && *before == *after) return;
    KeyChange change{place, std::nullopt, std::nullopt};
    if (before != nullptr) change.before = masked(key, *before);
    if (after != nullptr) change.after = masked(key, *after);
    m_changes.push_back(std::move(change));
  }

 private:
  static const Json* member(const Json& map, const std::string& name) {
    const auto found = map.find(name);
    return found == map.end() ? nullptr : &*found;
  }

  std::vector<KeyChange> m_changes;
};

/// What a step's cfg file says, without the keys that repeat the manifest.
Json config_of(const Plan& plan, const ManifestStep& step) {
  const auto text = plan.files.find(step.cfg_path);
  Json config = text == plan.files.end() ? Json::object() : Json::parse(text->second);
  for (std::string_view key : pipeline::k_meta_keys) config.erase(std::string(key));
  return config;
}

std::vector<KeyChange> changes_of(const Plan& before_plan, const ManifestStep& before, const Plan& after_plan,
                                  const ManifestStep& after) {
  const auto facts = [](const ManifestStep& step) {
    Json inputs = Json::object();
    for (const pipeline::StepInput& input : step.inputs()) inputs[input.key] = input.from_step;
    return std::vector<std::pair<std::string, Json>>{{"driver", step.driver},
                                                     {"mode", to_string(step.mode)},
                                                     {"needs", step.needs},
                                                     {"inputs", inputs},
                                                     {"materialize", step.is_streamed ? "stream" : "cache"}};
  };
  StepComparison comparison;
  const auto old_facts = facts(before);
  const auto new_facts = facts(after);
  for (std::size_t i = 0; i < old_facts.size(); ++i) {
    comparison.compare(old_facts[i].first, old_facts[i].first, &old_facts[i].second, &new_facts[i].second);
  }
  const Json old_config = config_of(before_plan, before);
  const Json new_config = config_of(after_plan, after);
  comparison.compare("config", "config", &old_config, &new_config);
  return comparison.take();
}

/// Of the steps that both plans have, those that kept their order: a longest rising run of old places.
std::set<std::size_t> kept_order(const std::vector<std::size_t>& old_places) {
  std::vector<std::size_t> tails;  // indices into old_places
  std::vector<std::optional<std::size_t>> previous(old_places.size());
  for (std::size_t i = 0; i < old_places.size(); ++i) {
    const auto at = std::ranges::lower_bound(tails, old_places[i], {}, [&](std::size_t k) { return old_places[k]; });
    if (at != tails.begin()) previous[i] = *std::prev(at);
    at == tails.end() ? tails.push_back(i) : static_cast<void>(*at = i);
  }
  std::set<std::size_t> kept;
  for (auto i = tails.empty() ? std::nullopt : std::optional(tails.back()); i; i = previous[*i]) {
    kept.insert(old_places[*i]);
  }
  return kept;
}

}  // namespace

PlanDiff diff_plans(const Plan& before, const Plan& after) {
  PlanDiff diff;
  if (before.manifest.pipeline_name != after.manifest.pipeline_name) {
    diff.name = {before.manifest.pipeline_name, after.manifest.pipeline_name};
  }
  std::map<std::string_view, std::size_t> old_places;
  const std::vector<ManifestStep>& old_steps = before.manifest.steps;
  for (std::size_t i = 0; i < old_steps.size(); ++i) old_places[old_steps[i].id] = i;
  std::set<std::string_view> new_ids;
  std::vector<std::size_t> common;
  for (const ManifestStep& step : after.manifest.steps) {
    new_ids.insert(step.id);
    if (const auto place = old_places.find(step.id); place != old_places.end()) common.push_back(place->second);
  }
  for (const ManifestStep& step : old_steps) {
    if (!new_ids.contains(step.id)) diff.steps.push_back({step.id, step.driver, StepDiff::Kind::removed, {}, {}});
  }
  const std::set<std::size_t> kept = kept_order(common);
  for (std::size_t i = 0; i < after.manifest.steps.size(); ++i) {
    const ManifestStep& step = after.manifest.steps[i];
    const auto place = old_places.find(step.id);
    if (place == old_places.end()) {
      diff.steps.push_back({step.id, step.driver, StepDiff::Kind::added, {}, {}});
      continue;
    }
    StepDiff changed{step.id, step.driver, StepDiff::Kind::changed, {}, {}};
    changed.keys = changes_of(before, old_steps[place->second], after, step);
    if (!kept.contains(place->second)) changed.moved = {place->second + 1, i + 1};
    if (!changed.keys.empty() || changed.moved) diff.steps.push_back(std::move(changed));
  }
  return diff;
}

}  // namespace spillway::run
