#include "drivers/file/json_types.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "drivers/file/columns.hpp"
#include "drivers/file/config.hpp"
#include "drivers/file/json_errors.hpp"
#include "drivers/file/text_sample.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::Column;
using engine::quote_identifier;
using engine::Schema;
using engine::Type;
using engine::TypeId;
using Types = std::map<std::string, Type>;

TextFormats formats_of(const Json& config) {
  return {option<std::string>(config, "date_format").value_or(""),
          option<std::string>(config, "timestamp_format").value_or(""), '.'};
}

bool has_structure(const Type& type) { return !type.children.empty() || !type.alias.empty(); }

/// The engine takes texts that look like UUIDs or times of day for such, and forgets how they were written.
Type without_disguised_texts(Type type) {
  if (type.id == TypeId::uuid || type.id == TypeId::time) return TypeId::varchar;
  for (Type& child : type.children) child = without_disguised_texts(child);
  return type;
}

/// The keys of the objects with the types of their values, dates and times being texts. Nothing when there are no
/// objects.
std::optional<Schema> describe(const StepContext& context, const JsonPlan& plan, std::string_view extra) {
  // Formats that no text is written in. All files, and of objects with many keys each key is a column.
  const std::string options = fmt::format(
      ", records = true, sample_size = {}, maximum_sample_files = {}, union_by_name = true, dateformat = 'none', "
      "timestampformat = 'none'{}",
      context.config.at("sample_rows").get<std::int64_t>(), plan.files.size(), extra);
  try {
    return context.connection.describe("FROM " + plan.read(plan.files, "", options));
  } catch (const Exception& exception) {
    if (exception.error().message.find("expected records") != std::string::npos) return std::nullopt;
    fail(explain_json(plan, context.connection, exception.error()));
  }
}

/// The engine calls a key that differs from another in case only key_1, and would look for it under that name.
void check_letter_case(const StepContext& context, const JsonPlan& plan, const Schema& schema) {
  std::set<std::string> names;
  for (const Column& column : schema) {
    const std::size_t suffix = column.name.find_last_not_of("0123456789");
    const bool is_suspect = suffix != std::string::npos && suffix + 1 < column.name.size() &&
                            column.name[suffix] == '_' && names.contains(to_lower(column.name.substr(0, suffix)));
    names.insert(to_lower(column.name));
    if (!is_suspect) continue;
    const std::string key = quote_identifier(column.name);
    if (context.connection.count(
            fmt::format("SELECT count({}) FROM {}", key,
                        plan.read(plan.files, carriers_sql({as_it_is(column.name, Type::json())})))) > 0) {
      continue;
    }
    fail(ErrorCode::bad_data,
         fmt::format("cannot read {}: there is a key '{}' and another that differs in case only",
                     described(plan.files), column.name.substr(0, suffix)),
         "SQL does not tell such columns apart: rename one of the keys");
  }
}

Schema describe(const StepContext& context, const JsonPlan& plan) {
  std::optional<Schema> schema = describe(context, plan, "");
  // An object with more keys than the engine believes in is taken for a MAP.
  if (!schema) schema = describe(context, plan, ", map_inference_threshold = -1");
  if (schema) check_letter_case(context, plan, *schema);
  return schema.value_or(Schema());
}

/// The same from the good lines of files with bad ones.
Schema describe_good_lines(const StepContext& context, const JsonPlan& plan) {
  Schema schema;
  for (const InputFile& file : plan.files) {
    const auto rows = context.connection.rows(
        fmt::format("SELECT json_group_structure(object) FROM (SELECT object FROM {} WHERE object IS NOT NULL{})",
                    plan.objects(file), sample_limit_sql(context, plan.files.size())));
    if (!rows[0][0]) continue;
    for (Column& column : schema_of_structure(*rows[0][0])) {
      const auto known = std::ranges::find(schema, column.name, &Column::name);
      if (known == schema.end()) {
        schema.push_back(std::move(column));
      } else if (known->type != column.type) {
        known->type = Type::json();
      }
    }
  }
  return schema;
}

/// Whether the text of a value may tell more than the type found so far.
bool is_open(const Type& type) {
  const bool is_number = type.id == TypeId::bigint || type.id == TypeId::hugeint || type.id == TypeId::double_;
  return is_number || type == Type(TypeId::varchar);
}

Type refined(const Type& found, const TypeGuess& guess) {
  Type guessed = guess.type();
  if (found.id == TypeId::varchar) {
    const bool is_time = guessed.id == TypeId::date || guessed.id == TypeId::timestamp ||
                         guessed.id == TypeId::timestamp_ns || guessed.id == TypeId::timestamp_tz;
    return is_time && !guess.has_empty_texts() ? guessed : found;
  }
  if (guess.is_not_a_number()) return TypeId::double_;
  return guessed;
}

/// Makes the columns, each read in a way that keeps its values.
class ColumnMaker {
 public:
  ColumnMaker(const StepContext& context, const JsonPlan& plan) : m_context(context), m_plan(plan) {}

  StrictColumn declared(const std::string& name, const Type& type) const {
    return make(name, type, formats_of(m_context.config), /*is_proven=*/false);
  }

  StrictColumn inferred(const std::string& name, const Type& found, const TextSample& sample) const {
    const TextFormats formats = formats_of(m_context.config);
    if (!is_open(found)) return make(name, found, {}, /*is_proven=*/true);
    if (found.id == TypeId::varchar && sample.is_written_as_date(name)) {
      return make(name, TypeId::date, formats, false);
    }
    if (found.id == TypeId::varchar && sample.is_written_as_timestamp(name)) {
      return make(name, type_of_timestamp_format(formats.timestamp), formats, false);
    }
    const bool saw_all = m_context.config.at("sample_rows").get<std::int64_t>() < 0;
    const Type type = refined(found, sample.guess(name));
    return make(name, type, {}, saw_all && type == found);
  }

 private:
  /// `is_proven`: every value is known to be of the type, so that the engine may read it.
  StrictColumn make(const std::string& name, const Type& type, const TextFormats& formats, bool is_proven) const {
    if (m_plan.skips_bad_rows) return of_object(name, type, formats);
    if (is_proven || has_structure(type) || type == Type(TypeId::varchar)) return as_it_is(name, type);
    return from_text(name, type, {formats, true, false, {}});
  }

  static StrictColumn of_object(const std::string& name, const Type& type, const TextFormats& formats) {
    if (!has_structure(type)) {
      return from_text(name, type, {formats, type.id != TypeId::varchar, false, text_of_key(name)});
    }
    StrictColumn column = as_it_is(name, type);
    column.value = json_of_key(name);
    if (type.alias.empty()) column.converted = fmt::format("TRY_CAST({} AS {})", column.value, type.to_sql());
    return column;
  }

  const StepContext& m_context;
  const JsonPlan& m_plan;
};

/// Reads the values of the open columns as texts.
TextSample read_sample(const StepContext& context, const JsonPlan& plan, const std::vector<std::string>& names) {
  std::vector<StrictColumn> columns;
  std::vector<std::string> items;
  for (const std::string& name : names) {
    columns.push_back(as_it_is(name, TypeId::varchar));
    items.push_back(plan.skips_bad_rows ? text_of_key(name) + " AS " + quote_identifier(name)
                                        : quote_identifier(name));
  }
  std::vector<std::string> selects;
  for (const InputFile& file : plan.files) {
    const std::string from = plan.skips_bad_rows ? plan.objects(file) : plan.read({file}, carriers_sql(columns));
    selects.push_back(
        fmt::format("SELECT {} FROM {}{}", join(items, ", "), from, sample_limit_sql(context, plan.files.size())));
  }
  try {
    return {context, names, selects, formats_of(context.config)};
  } catch (const Exception& exception) {
    fail(explain_json(plan, context.connection, exception.error()));
  }
}

Type type_of_structure(const nlohmann::ordered_json& node) {
  if (node.is_array()) return node.empty() ? Type::json() : Type::list(type_of_structure(node.front()));
  if (node.is_object()) {
    if (node.empty()) return Type::json();
    Type type(TypeId::struct_);
    for (const auto& [key, member] : node.items()) {
      type.names.push_back(key);
      type.children.push_back(type_of_structure(member));
    }
    return type;
  }
  static const Types k_scalars{{"BOOLEAN", TypeId::boolean}, {"BIGINT", TypeId::bigint},
                               {"UBIGINT", TypeId::bigint},  {"HUGEINT", TypeId::hugeint},
                               {"DOUBLE", TypeId::double_},  {"VARCHAR", TypeId::varchar}};
  const auto scalar = k_scalars.find(node.get<std::string>());
  return scalar == k_scalars.end() ? Type::json() : scalar->second;
}

[[noreturn]] void fail_without_objects(const JsonPlan& plan) {
  fail(ErrorCode::bad_data,
       fmt::format("cannot read {}: there is no object to take columns from", described(plan.files)),
       "a file that may hold no objects needs their types: types: {id: BIGINT}");
}

}  // namespace

Schema schema_of_structure(const std::string& structure) {
  Schema schema;
  const Type type = type_of_structure(nlohmann::ordered_json::parse(structure));
  for (std::size_t i = 0; i < type.names.size(); ++i) schema.push_back({type.names[i], type.children[i]});
  return schema;
}

std::vector<StrictColumn> json_columns(const StepContext& context, const JsonPlan& plan, const Types& declared) {
  std::vector<std::string> selected = texts(context.config, "columns");
  const bool declares_all = !selected.empty() && std::ranges::all_of(selected, [&](const std::string& name) {
    return declared.contains(name);
  });
  Types found;
  std::vector<std::string> names;
  if (!declares_all) {
    for (Column& column : plan.skips_bad_rows ? describe_good_lines(context, plan) : describe(context, plan)) {
      names.push_back(column.name);
      found[column.name] = without_disguised_texts(std::move(column.type));
    }
  }
  // Today's files may lack a key that others have.
  for (const auto& [name, type] : declared) {
    if (!found.contains(name)) names.push_back(name);
  }
  if (names.empty()) fail_without_objects(plan);
  check_filename_column(context, names, described(plan.files));
  selected = selected_columns(context, names, described(plan.files));

  std::vector<std::string> open;
  std::ranges::copy_if(selected, std::back_inserter(open),
                       [&](const std::string& name) { return !declared.contains(name) && is_open(found.at(name)); });
  const TextSample sample = read_sample(context, plan, open);
  const ColumnMaker maker(context, plan);
  std::vector<StrictColumn> columns;
  for (const std::string& name : selected) {
    const auto type = declared.find(name);
    columns.push_back(type != declared.end() ? maker.declared(name, type->second)
                                             : maker.inferred(name, found.at(name), sample));
  }
  return columns;
}

}  // namespace spillway::drivers::file
