#include "pipeline/schema_explain.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "pipeline/node.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

using Json = nlohmann::json;
using Kind = ConfigProblem::Kind;
using Path = std::vector<std::string>;
using Problems = std::vector<ConfigProblem>;

constexpr std::size_t k_shown_bytes = 60;

const Json* member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

/// A value as a message shows it: strings in single quotes, everything cut to a readable length.
std::string shown(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.size() > k_shown_bytes) text = to_valid_utf8(text.substr(0, k_shown_bytes)) + "...";
  return value.is_string() ? fmt::format("'{}'", text) : text;
}

std::string described(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "a map";
  if (value.is_boolean()) return fmt::format("the boolean {}", shown(value));
  if (value.is_string()) return fmt::format("the string {}", shown(value));
  return fmt::format("the number {}", shown(value));
}

std::string type_with_article(const std::string& type) {
  if (type == "array") return "a list";
  if (type == "object") return "a map";
  if (type == "integer") return "an integer";
  if (type == "null") return "null";
  return fmt::format("a {}", type);
}

std::string or_list(const std::vector<std::string>& words) {
  if (words.size() < 2) return join(words, "");
  return fmt::format("{} or {}", join({words.begin(), words.end() - 1}, ", "), words.back());
}

/// 'a', 'b' or 'c'
std::string choices_text(const Json& values) {
  std::vector<std::string> words;
  std::ranges::transform(values, std::back_inserter(words), shown);
  return or_list(words);
}

std::vector<std::string> words_of(const Json& values) {
  std::vector<std::string> words;
  for (const Json& value : values) words.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  return words;
}

std::vector<const Json*> branches_of(const Json& schema) {
  std::vector<const Json*> branches;
  for (std::string_view keyword : {"anyOf", "oneOf"}) {
    const Json* list = member(schema, keyword);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) branches.push_back(&(*list)[i]);
  }
  return branches;
}

/// The types that a schema names, those of its anyOf and oneOf included; none means any.
std::vector<std::string> accepted_types(const Json& schema) {
  std::vector<std::string> types;
  if (const Json* type = member(schema, "type")) types = words_of(type->is_array() ? *type : Json::array({*type}));
  for (const Json* branch : branches_of(schema)) {
    for (const std::string& type : accepted_types(*branch)) {
      if (std::ranges::find(types, type) == types.end()) types.push_back(type);
    }
  }
  return types;
}

bool is_of_type(const Json& value, std::string_view type) {
  return (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
         (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
         (type == "array" && value.is_array()) || (type == "object" && value.is_object()) ||
         (type == "null" && value.is_null());
}

bool accepts_type_of(const Json& schema, const Json& value) {
  const std::vector<std::string> types = accepted_types(schema);
  return types.empty() || std::ranges::any_of(types, [&](const auto& type) { return is_of_type(value, type); });
}

/// How to write a string as what is wanted: "10" without its quotes, yes as true, a as [a].
std::string rewrite_hint(const std::vector<std::string>& types, const Json& value) {
  if (!value.is_string()) return {};
  const auto accepts = [&](std::string_view type) { return std::ranges::find(types, type) != types.end(); };
  const std::string text = value.get<std::string>();
  const NodeKind plain = plain_scalar_kind(text);
  const bool is_number = plain == NodeKind::integer || (plain == NodeKind::real && !accepts("integer"));
  if ((accepts("boolean") && plain == NodeKind::boolean) ||
      ((accepts("integer") || accepts("number")) && is_number)) {
    return fmt::format("write {} without quotes", text);
  }
  const std::string digits = replace_all(text, "_", "");
  if (accepts("integer") && plain_scalar_kind(digits) == NodeKind::integer) return fmt::format("write {}", digits);
  if (const auto meant = parse_bool(text); accepts("boolean") && meant) return *meant ? "write true" : "write false";
  if (accepts("array") && !text.empty()) return fmt::format("write it as a list: [{}]", text);
  return {};
}

/// Walks a schema and a value together and collects what does not fit.
class Explainer {
 public:
  Problems take() { return std::move(m_problems); }

  void explain(const Json& schema, const Json& value) {
    if (!accepts_type_of(schema, value)) return add_type_problem(schema, value);
    explain_choice(schema, value);
    if (value.is_number()) explain_number(schema, value);
    if (value.is_string()) explain_string(schema, value);
    if (value.is_array()) explain_list(schema, value);
    if (value.is_object()) explain_map(schema, value);
    explain_branches(schema, value);
  }

 private:
  void add(std::string reason, std::string hint = {}) {
    m_problems.push_back({Kind::invalid_value, m_path, std::move(reason), std::move(hint), {}, false});
  }
  void add_type_problem(const Json& schema, const Json& value);
  void explain_choice(const Json& schema, const Json& value);
  void explain_number(const Json& schema, const Json& value);
  void explain_string(const Json& schema, const Json& value);
  void explain_list(const Json& schema, const Json& value);
  void explain_map(const Json& schema, const Json& value);
  void explain_missing(const Json& schema, const Json& value, const std::vector<std::string>& meant);
  std::optional<std::string> add_unknown_key(const Json& properties, const std::string& key);
  void explain_branches(const Json& schema, const Json& value);

  Path m_path;
  Problems m_problems;
};

void Explainer::add_type_problem(const Json& schema, const Json& value) {
  const std::vector<std::string> types = accepted_types(schema);
  std::vector<std::string> names;
  std::ranges::transform(types, std::back_inserter(names), type_with_article);
  add(fmt::format("must be {}, not {}", or_list(names), described(value)), rewrite_hint(types, value));
  m_problems.back().wants_string = std::ranges::find(types, "string") != types.end();
  // yes and no are text in YAML 1.2; whoever writes them for a boolean means one.
  const bool wants_boolean = std::ranges::find(types, "boolean") != types.end();
  const auto meant = value.is_string() ? parse_bool(value.get<std::string>()) : std::nullopt;
  if (wants_boolean && meant) m_problems.back().nearest = *meant ? "true" : "false";
}

void Explainer::explain_choice(const Json& schema, const Json& value) {
  if (const Json* choices = member(schema, "enum"); choices != nullptr && !choices->empty()) {
    if (std::ranges::find(*choices, value) == choices->end()) {
      const auto nearest =
          value.is_string() ? closest_match(value.get<std::string>(), words_of(*choices)) : std::nullopt;
      add(fmt::format("must be {}, not {}", choices_text(*choices), described(value)),
          nearest ? fmt::format("did you mean '{}'?", *nearest) : "");
      m_problems.back().nearest = nearest.value_or("");
    }
  }
  if (const Json* only = member(schema, "const"); only != nullptr && *only != value) {
    add(fmt::format("must be {}, not {}", shown(*only), described(value)));
  }
  if (const Json* excluded = member(schema, "not")) {
    if (const Json* only = member(*excluded, "const"); only != nullptr && *only == value) {
      add(fmt::format("must not be {}", shown(value)));
    }
  }
}

void Explainer::explain_number(const Json& schema, const Json& value) {
  const auto check = [&](const char* keyword, const char* text, auto breaks) {
    const Json* bound = member(schema, keyword);
    if (bound != nullptr && breaks(value, *bound))
      add(fmt::format("must be {} {}, but is {}", text, bound->dump(), value.dump()));
  };
  check("minimum", "at least", std::less<>());
  check("maximum", "at most", std::greater<>());
  check("exclusiveMinimum", "greater than", std::less_equal<>());
  check("exclusiveMaximum", "less than", std::greater_equal<>());
}

void Explainer::explain_string(const Json& schema, const Json& value) {
  const auto least = schema.value("minLength", std::size_t{0});
  const auto most = schema.value("maxLength", SIZE_MAX);
  const std::string text = value.get<std::string>();
  const auto length = static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  if (length >= least && length <= most) return;
  if (least == 1 && most == 1) {
    add(fmt::format("must be one character, but is {}", shown(value)));
  } else if (text.empty()) {
    add("must not be empty");
  } else {
    const bool is_short = length < least;
    add(fmt::format("must have at {} {} characters, but has {}", is_short ? "least" : "most", is_short ? least : most,
                    length));
  }
}

void Explainer::explain_list(const Json& schema, const Json& value) {
  const auto least = schema.value("minItems", std::size_t{0});
  const auto most = schema.value("maxItems", SIZE_MAX);
  if (value.empty() && least > 0) {
    add("must not be an empty list");
  } else if (value.size() < least || value.size() > most) {
    const bool is_short = value.size() < least;
    return add(fmt::format("must have at {} {} items, but has {}", is_short ? "least" : "most",
                           is_short ? least : most, value.size()));
  }
  if (schema.value("uniqueItems", false)) {
    std::set<Json> seen;
    for (const Json& item : value) {
      if (!seen.insert(item).second) add(fmt::format("must not hold {} twice", shown(item)));
    }
  }
  if (const Json* item_schema = member(schema, "items"); item_schema != nullptr && item_schema->is_object()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      m_path.push_back(std::to_string(i));
      explain(*item_schema, value[i]);
      m_path.pop_back();
    }
  }
}

void Explainer::explain_map(const Json& schema, const Json& value) {
  const Json no_properties = Json::object();
  const Json* properties = member(schema, "properties");
  if (properties == nullptr) properties = &no_properties;
  const Json* others = member(schema, "additionalProperties");
  std::vector<std::string> meant;
  for (const auto& [key, part] : value.items()) {
    m_path.push_back(key);
    if (const Json* property = member(*properties, key)) {
      explain(*property, part);
    } else if (others != nullptr && others->is_object()) {
      explain(*others, part);
    } else if (others != nullptr && *others == false) {
      if (auto nearest = add_unknown_key(*properties, key)) meant.push_back(std::move(*nearest));
    }
    m_path.pop_back();
  }
  explain_missing(schema, value, meant);
}

/// Returns the option that was probably meant.
std::optional<std::string> Explainer::add_unknown_key(const Json& properties, const std::string& key) {
  std::vector<std::string> known;
  for (const auto& property : properties.items()) known.push_back(property.key());
  std::optional<std::string> nearest = closest_match(key, known);
  m_problems.push_back(
      {Kind::unknown_key,
       m_path,
       {},
       nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("its options are {}", join(known, ", ")),
       nearest.value_or(""),
       false});
  return nearest;
}

void Explainer::explain_missing(const Json& schema, const Json& value, const std::vector<std::string>& meant) {
  const Json* required = member(schema, "required");
  if (required == nullptr) return;
  for (const std::string& key : words_of(*required)) {
    if (value.contains(key) || std::ranges::find(meant, key) != meant.end()) continue;
    Path path = m_path;
    path.push_back(key);
    const Json* properties = member(schema, "properties");
    const Json* property = properties == nullptr ? nullptr : member(*properties, key);
    const std::string description = property == nullptr ? "" : property->value("description", "");
    m_problems.push_back({Kind::missing_key,
                          std::move(path),
                          {},
                          description.empty() ? "" : fmt::format("{}: {}", key, description),
                          {},
                          false});
  }
}

/// Only the branches that accept the value's type are worth explaining; the shortest explanation is the likely one.
void Explainer::explain_branches(const Json& schema, const Json& value) {
  std::optional<Problems> best;
  for (const Json* branch : branches_of(schema)) {
    if (!accepts_type_of(*branch, value)) continue;
    Explainer explainer;
    explainer.m_path = m_path;
    explainer.explain(*branch, value);
    if (!best || explainer.m_problems.size() < best->size()) best = explainer.take();
  }
  if (best) std::ranges::move(*best, std::back_inserter(m_problems));
}

}  // namespace

std::string path_text(const Path& path) {
  std::string text;
  for (const std::string& segment : path) {
    if (parse_uint(segment)) {
      text += fmt::format("[{}]", segment);
    } else {
      text += text.empty() ? segment : "." + segment;
    }
  }
  return text;
}

Problems explain_problems(const Json& schema, const Json& value) {
  Explainer explainer;
  explainer.explain(schema, value);
  return explainer.take();
}

}  // namespace spillway::pipeline
