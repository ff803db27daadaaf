#include "cli/diff_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using run::KeyChange;
using run::StepDiff;

bool is_block(const std::optional<json>& value) {
  return value && value->is_string() && value->get<std::string>().find('\n') != std::string::npos;
}

std::vector<std::string> lines_of(const std::optional<json>& value) {
  if (!value) return {};
  std::vector<std::string> lines = split(value->is_string() ? value->get<std::string>() : value->dump(), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

/// The lines of a text between those at its two ends that did not change.
std::string block_change(const KeyChange& change) {
  std::vector<std::string> before = lines_of(change.before);
  std::vector<std::string> after = lines_of(change.after);
  const auto [old_begin, new_begin] = std::ranges::mismatch(before, after);
  before.erase(before.begin(), old_begin);
  after.erase(after.begin(), new_begin);
  while (!before.empty() && !after.empty() && before.back() == after.back()) {
    before.pop_back();
    after.pop_back();
  }
  std::string text = fmt::format("    {}:\n", change.key);
  for (const std::string& line : before) text += fmt::format("      - {}\n", line);
  for (const std::string& line : after) text += fmt::format("      + {}\n", line);
  return text;
}

std::string key_change(const KeyChange& change) {
  if (is_block(change.before) || is_block(change.after)) return block_change(change);
  const auto shown = [](const std::optional<json>& value) { return value ? value->dump() : "(none)"; };
  return fmt::format("    {}: {} -> {}\n", change.key, shown(change.before), shown(change.after));
}

std::string_view name_of_kind(StepDiff::Kind kind) {
  switch (kind) {
    case StepDiff::Kind::added:
      return "added";
    case StepDiff::Kind::removed:
      return "removed";
    case StepDiff::Kind::changed:
      break;
  }
  return "changed";
}

ordered_json value_json(const std::optional<json>& value) { return value ? ordered_json(*value) : ordered_json(); }

}  // namespace

std::string diff_text(const run::PlanDiff& diff) {
  std::string text;
  if (diff.name) text += fmt::format("name: {} -> {}\n", diff.name->first, diff.name->second);
  for (const StepDiff& step : diff.steps) {
    const char mark = step.kind == StepDiff::Kind::added ? '+' : step.kind == StepDiff::Kind::removed ? '-' : '~';
    text += fmt::format("{} {}  {}\n", mark, step.step_id, step.driver);
    if (step.moved) text += fmt::format("    moved: from place {} to {}\n", step.moved->first, step.moved->second);
    for (const KeyChange& change : step.keys) text += key_change(change);
  }
  return text;
}

ordered_json diff_json(const run::PlanDiff& diff) {
  ordered_json name;
  if (diff.name) name = {{"before", diff.name->first}, {"after", diff.name->second}};
  ordered_json steps = ordered_json::array();
  for (const StepDiff& step : diff.steps) {
    ordered_json entry{{"step_id", step.step_id}, {"driver", step.driver}, {"change", name_of_kind(step.kind)}};
    entry["moved"] = nullptr;
    if (step.moved) entry["moved"] = {{"from", step.moved->first}, {"to", step.moved->second}};
    entry["keys"] = ordered_json::array();
    for (const KeyChange& change : step.keys) {
      entry["keys"].push_back(
          {{"key", change.key}, {"before", value_json(change.before)}, {"after", value_json(change.after)}});
    }
    steps.push_back(std::move(entry));
  }
  return {{"name", std::move(name)}, {"steps", std::move(steps)}};
}

}  // namespace spillway::cli
