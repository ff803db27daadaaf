#include "pipeline/secret_check.hpp"

#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "util/secret.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

bool is_value(const Node& node) {
  const bool is_scalar =
      node.kind == NodeKind::string || node.kind == NodeKind::integer || node.kind == NodeKind::real;
  return is_scalar && !node.text.empty() && !node.text.starts_with('@') && !node.text.starts_with("${");
}

class SecretCheck {
 public:
  explicit SecretCheck(Diagnostics& diagnostics) : m_diagnostics(diagnostics) {}

  void check(const OmlStep& step);
  /// What stands outside of configs too.
  void check(const Node& node, const std::string& where);

 private:
  void check_pointer(const OmlStep& step, const std::string& pointer);
  void check_option(const Node& value, const Json& schema, const std::string& path, const std::string& where);
  void check_look(const Node& node, const std::string& where);
  void refuse(const Node& node, const std::string& where, std::string_view why);

  Diagnostics& m_diagnostics;
  std::set<std::pair<std::uint32_t, std::uint32_t>> m_refused;
};

void SecretCheck::check(const OmlStep& step) {
  if (step.config == nullptr || step.component == nullptr) return;
  for (const std::string& pointer : step.component->secrets) check_pointer(step, pointer);
  check_option(*step.config, step.component->config_schema, "", fmt::format("of step '{}'", step.id));
}

void SecretCheck::check_pointer(const OmlStep& step, const std::string& pointer) {
  const Node* node = step.config->at_pointer(pointer);
  if (node == nullptr || !is_value(*node)) return;
  const std::string path = replace_all(pointer.substr(1), "/", ".");
  refuse(*node, fmt::format("'{}' of step '{}'", path, step.id), "the option is a secret");
}

/// The names of options say what they are; the keys of a free map, such as column names in types, do not.
void SecretCheck::check_option(const Node& value, const Json& schema, const std::string& path,
                               const std::string& where) {
  const auto properties = schema.find("properties");
  const bool names_options = properties != schema.end() || path.empty();
  for (const MapEntry& entry : value.entries) {
    const std::string entry_path = path.empty() ? entry.key : path + "." + entry.key;
    if (names_options && is_secret_key(entry.key) && is_value(entry.value)) {
      refuse(entry.value, fmt::format("'{}' {}", entry_path, where), "its name says that it is a secret");
    }
    const bool has_schema = properties != schema.end() && properties->contains(entry.key);
    check_option(entry.value, has_schema ? (*properties)[entry.key] : Json::object(), entry_path, where);
  }
}

void SecretCheck::check(const Node& node, const std::string& where) {
  check_look(node, where);
  for (std::size_t i = 0; i < node.items.size(); ++i) check(node.items[i], fmt::format("{}[{}]", where, i));
  for (const MapEntry& entry : node.entries) {
    const std::string path = where.empty() ? entry.key : where + "." + entry.key;
    // A parameter's secret stands one level below its name.
    const MapEntry* value = entry.value.find("default");
    const Node& secret = value == nullptr ? entry.value : value->value;
    const bool is_outside_of_steps = !path.starts_with("steps");
    if (is_outside_of_steps && is_secret_key(entry.key) && is_value(secret)) {
      refuse(secret, fmt::format("'{}'", path), "its name says that it is a secret");
    }
    check(entry.value, path);
  }
}

void SecretCheck::check_look(const Node& node, const std::string& where) {
  if (node.kind != NodeKind::string) return;
  const std::string_view shape = secret_shape(node.text);
  if (!shape.empty()) refuse(node, fmt::format("'{}'", where), fmt::format("it looks like {}", shape));
}

void SecretCheck::refuse(const Node& node, const std::string& where, std::string_view why) {
  m_diagnostics.hide(node.text);
  if (!m_refused.insert({node.position.line, node.position.column}).second) return;
  m_diagnostics.add(Code::secret_in_pipeline, node.position, fmt::format("secret in {}: {}", where, why),
                    "put it in spillway_connections.yaml as ${VARIABLE}, and name the connection in the step");
}

}  // namespace

void refuse_secrets(const Node& root, const OmlDocument& document, Diagnostics& diagnostics) {
  SecretCheck secrets(diagnostics);
  for (const OmlStep& step : document.steps) secrets.check(step);
  secrets.check(root, "");
}

}  // namespace spillway::pipeline
