#include "pipeline/inputs.hpp"

#include <algorithm>
#include <map>

#include "util/sha256.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

constexpr std::size_t k_hash_digits = 8;

bool is_identifier_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

std::string key_of(const std::string& step_id) { return "df_" + sql_name_of(step_id); }

/// Appends the hash to every key that another equals; returns whether there were any.
bool separate_equal_keys(std::vector<StepInput>& inputs) {
  std::map<std::string, std::size_t> uses;
  for (const StepInput& input : inputs) ++uses[to_lower(input.key)];
  bool found = false;
  for (StepInput& input : inputs) {
    if (uses[to_lower(input.key)] == 1) continue;
    input.key += "_" + sha256_hex(input.from_step).substr(0, k_hash_digits);
    found = true;
  }
  return found;
}

}  // namespace

std::string sql_name_of(const std::string& step_id) {
  std::string name = step_id;
  std::ranges::replace_if(
      name, [](char c) { return !is_identifier_byte(c); }, '_');
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') name.insert(0, "_");
  return name;
}

std::vector<StepInput> step_inputs(const std::vector<std::string>& needs) {
  if (needs.size() == 1) return {{"df", needs[0]}};
  std::vector<StepInput> inputs;
  for (const std::string& need : needs) inputs.push_back({key_of(need), need});
  // Once is enough unless an id was made to look like the hashed key of another.
  for (std::size_t round = 0; round < needs.size() && separate_equal_keys(inputs); ++round) continue;
  return inputs;
}

std::vector<std::string> view_names(const StepInput& input, std::size_t input_count) {
  if (input_count != 1) return {input.key};
  std::vector<std::string> names{"df", "input_df", key_of(input.from_step)};
  if (std::ranges::find(names, input.key) == names.end()) names.push_back(input.key);
  return names;
}

}  // namespace spillway::pipeline
