#include "drivers/file/csv_plan.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "drivers/file/columns.hpp"
#include "drivers/file/config.hpp"
#include "drivers/file/csv_errors.hpp"
#include "drivers/file/csv_types.hpp"
#include "util/fd.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

/// The engine reads the little-endian kind and finds no line at all in the other.
void check_byte_order(const InputFile& file, const CsvFormat& format) {
  if (format.encoding != "utf-16") return;
  std::array<unsigned char, 2> start{};
  const Fd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (::read(fd.get(), start.data(), start.size()) != static_cast<ssize_t>(start.size())) return;
  const bool has_big_endian_mark = start[0] == 0xFE && start[1] == 0xFF;
  const bool starts_with_big_endian_ascii = start[0] == 0 && start[1] != 0;
  if (has_big_endian_mark || starts_with_big_endian_ascii) {
    fail(ErrorCode::unsupported, fmt::format("cannot read '{}': it is big-endian UTF-16", file.shown),
         fmt::format("convert it: iconv -f UTF-16BE -t UTF-8 {} > utf8.csv", file.shown));
  }
}

std::vector<InputFile> inputs_of(const CsvPlan& plan) {
  std::vector<InputFile> inputs;
  for (const CsvFile& file : plan.files) inputs.push_back(file.input);
  return inputs;
}

/// How a header differs from the first file's; empty when it does not.
std::string difference(const std::vector<std::string>& first, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < std::min(first.size(), names.size()); ++i) {
    if (names[i] != first[i]) return fmt::format("its column {} is '{}', not '{}'", i + 1, names[i], first[i]);
  }
  if (names.size() == first.size()) return {};
  return fmt::format("it has {} columns, not {}", names.size(), first.size());
}

void check_same_columns(const CsvPlan& plan) {
  const CsvFile& first = plan.files.front();
  for (const CsvFile& file : plan.files) {
    const std::string different = difference(first.header.names, file.header.names);
    if (different.empty()) continue;
    fail(ErrorCode::bad_data,
         fmt::format("cannot read '{}' together with '{}': {}", file.input.shown, first.input.shown, different),
         plan.format.header ? "union_by_name: true combines files of different columns" : "");
  }
}

/// The names of all files' columns, as they first appear.
std::vector<std::string> all_names(const CsvPlan& plan) {
  std::vector<std::string> names;
  std::map<std::string, std::string> seen;
  for (const CsvFile& file : plan.files) {
    for (const std::string& name : file.header.names) {
      const auto [known, is_new] = seen.emplace(to_lower(name), name);
      if (is_new) names.push_back(name);
      if (known->second == name) continue;
      fail(ErrorCode::bad_data,
           fmt::format("cannot read '{}' together with '{}': its column '{}' differs from '{}' in case only",
                       file.input.shown, plan.files.front().input.shown, name, known->second),
           "name the column alike in all files: SQL does not tell the two apart");
    }
  }
  return names;
}

}  // namespace

const StrictColumn* CsvPlan::find(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &StrictColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

std::vector<StrictColumn> CsvPlan::columns_of(const CsvFile& file) const {
  const std::set<std::string> names(file.header.names.begin(), file.header.names.end());
  std::vector<StrictColumn> present;
  std::ranges::copy_if(columns, std::back_inserter(present),
                       [&](const StrictColumn& column) { return names.contains(column.name); });
  return present;
}

std::string CsvPlan::read(const CsvFile& file, std::string_view extra) const {
  std::map<std::string_view, const StrictColumn*> by_name;
  for (const StrictColumn& column : columns) by_name[column.name] = &column;
  std::vector<CsvColumn> carriers;
  for (const std::string& name : file.header.names) {
    const auto found = by_name.find(name);
    carriers.push_back({name, found == by_name.end() ? "VARCHAR" : found->second->carrier.to_sql()});
  }
  return read_csv(file.input, format, carriers, file.header.skip, extra);
}

CsvPlan plan_csv(const StepContext& context) {
  CsvPlan plan;
  plan.format = CsvFormat::from(context.config);
  plan.filename_column = option<std::string>(context.config, "filename_column");
  plan.skips_bad_rows = context.config.at("on_bad_rows") == "skip";
  for (const InputFile& input : input_files(context)) {
    check_byte_order(input, plan.format);
    CsvFile& file = plan.files.emplace_back(CsvFile{input, {}});
    try {
      file.header = read_header(context.connection, input, plan.format);
    } catch (const Exception& exception) {
      fail(explain_csv(plan, context.connection, exception.error()));
    }
  }
  if (!context.config.at("union_by_name").get<bool>()) check_same_columns(plan);
  const std::vector<std::string> names = all_names(plan);
  const std::string what = described(inputs_of(plan));
  check_filename_column(context, names, what);
  plan.columns = typed_columns(context, plan, names, selected_columns(context, names, what));
  for (const auto& [name, type] : option<std::map<std::string, std::string>>(context.config, "types")
                                      .value_or(std::map<std::string, std::string>())) {
    plan.declared.insert(name);
  }
  return plan;
}

}  // namespace spillway::drivers::file
