#include "drivers/file/json_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "drivers/file/columns.hpp"
#include "drivers/file/config.hpp"
#include "drivers/file/json_types.hpp"
#include "drivers/file/mapped_file.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_literal;

constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

/// read_json knows compressions by other names than read_csv does.
std::string compression_of(const std::string& option) {
  if (option == "auto") return "auto_detect";
  return option == "none" ? "uncompressed" : option;
}

JsonLayout layout_of(const std::string& format) {
  if (format == "array") return JsonLayout::array;
  return format == "lines" ? JsonLayout::lines : JsonLayout::any;
}

/// The engine finds out a layout by itself, but not behind a byte order mark.
JsonLayout find_layout(const std::vector<InputFile>& files) {
  const MappedFile mapped(files.front().path);
  std::string_view text = mapped.bytes();
  const bool has_mark = text.starts_with(k_byte_order_mark);
  if (has_mark) text.remove_prefix(k_byte_order_mark.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_array = first != std::string_view::npos && text[first] == '[';
  return has_mark && is_array ? JsonLayout::array : JsonLayout::any;
}

bool has_byte_order_mark(const InputFile& file) {
  return MappedFile(file.path).bytes().starts_with(k_byte_order_mark);
}

std::string pointer_to(const std::string& key) {
  return quote_literal("/" + replace_all(replace_all(key, "~", "~0"), "/", "~1"));
}

void check_can_skip(const JsonPlan& plan) {
  for (const InputFile& file : plan.files) {
    const MappedFile mapped(file.path);
    const std::size_t first = mapped.bytes().find_first_not_of(" \t\r\n");
    const bool is_array = first != std::string_view::npos && mapped.bytes()[first] == '[';
    if (plan.layout != JsonLayout::array && !is_array) continue;
    fail(ErrorCode::invalid_config,
         fmt::format("cannot skip bad rows of '{}': it is one array, so a fault in it is in all that follows",
                     file.shown),
         "on_bad_rows: skip needs a file with an object a line");
  }
}

}  // namespace

const StrictColumn* JsonPlan::find(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &StrictColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

std::string JsonPlan::read(const std::vector<InputFile>& some, std::string_view columns_sql,
                           std::string_view extra) const {
  std::vector<std::string> paths;
  for (const InputFile& file : some) paths.push_back(file.path.string());
  // The engine's newline_delimited refuses a byte order mark, which its unstructured passes over.
  const bool has_mark = layout == JsonLayout::lines && std::ranges::any_of(some, has_byte_order_mark);
  const std::string_view format = layout == JsonLayout::array   ? "array"
                                  : has_mark                    ? "unstructured"
                                  : layout == JsonLayout::lines ? "newline_delimited"
                                                                : "auto";
  return fmt::format(
      "read_json({}, format = '{}', compression = {}, maximum_object_size = {}, hive_partitioning = false{}{})",
      engine::quote_list(paths), format, quote_literal(compression_of(compression)), maximum_object_bytes,
      columns_sql.empty() ? std::string() : fmt::format(", records = true, columns = {}", columns_sql), extra);
}

std::string JsonPlan::objects(const InputFile& file) const {
  // JSON text has no NUL character, so that each line is the only field of its row.
  return fmt::format(
      "(SELECT row_number() OVER () AS number, line, CASE WHEN json_valid(line) THEN CASE WHEN json_type(line) = "
      "'OBJECT' THEN CAST(line AS JSON) END END AS object FROM read_csv({}, auto_detect = false, hive_partitioning = "
      "false, header = false, delim = '\\0', quote = '', escape = '', nullstr = [''], strict_mode = false, "
      "compression = {}, max_line_size = {}, buffer_size = {}, columns = {{'line': 'VARCHAR'}})) AS objects",
      quote_literal(file.path.string()), quote_literal(compression), maximum_object_bytes, maximum_object_bytes);
}

std::string carriers_sql(const std::vector<StrictColumn>& columns) {
  std::vector<std::string> members;
  for (const StrictColumn& column : columns) {
    members.push_back(quote_literal(column.name) + ": " + quote_literal(column.carrier.to_sql()));
  }
  return "{" + join(members, ", ") + "}";
}

std::string text_of_key(const std::string& key) {
  return fmt::format("json_extract_string(object, {})", pointer_to(key));
}

std::string json_of_key(const std::string& key) {
  return fmt::format("nullif(json_extract(object, {}), CAST('null' AS JSON))", pointer_to(key));
}

JsonPlan plan_json(const StepContext& context) {
  JsonPlan plan;
  plan.files = input_files(context);
  plan.filename_column = option<std::string>(context.config, "filename_column");
  plan.skips_bad_rows = context.config.at("on_bad_rows") == "skip";
  plan.maximum_object_bytes = context.config.at("maximum_object_bytes").get<std::uint64_t>();
  plan.compression = context.config.at("compression").get<std::string>();
  plan.layout = layout_of(context.config.at("format").get<std::string>());
  if (plan.layout == JsonLayout::any) plan.layout = find_layout(plan.files);
  if (plan.skips_bad_rows) check_can_skip(plan);
  const std::map<std::string, engine::Type> declared = declared_types(context, plan.files.front());
  for (const auto& [name, type] : declared) plan.declared.insert(name);
  plan.columns = json_columns(context, plan, declared);
  return plan;
}

}  // namespace spillway::drivers::file
