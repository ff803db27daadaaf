#include "drivers/file/csv_types.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "drivers/file/columns.hpp"
#include "drivers/file/csv_errors.hpp"
#include "drivers/file/text_sample.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::Type;
using engine::TypeId;

/// Whether the engine's CSV reader makes values of this type of texts without changing any.
bool reads_exactly(TypeId id) {
  switch (id) {
    case TypeId::bigint:
    case TypeId::hugeint:
    case TypeId::ubigint:
    case TypeId::uhugeint:
    case TypeId::decimal:
    case TypeId::date:
    case TypeId::timestamp:
    case TypeId::timestamp_s:
    case TypeId::timestamp_ms:
    case TypeId::timestamp_ns:
    case TypeId::timestamp_tz:
    case TypeId::time:
    case TypeId::time_tz:
      return false;
    default:
      return !is_small_integer(id);
  }
}

/// A column of a given type, read in the quickest way that is exact.
StrictColumn column_of(const std::string& name, const Type& type, const TypeGuess& guess,
                       const TextFormats& formats) {
  if (type == Type(TypeId::varchar)) return as_it_is(name, type);
  if (!guess.has_empty_texts()) {
    if (reads_exactly(type.id)) return as_it_is(name, type);
    if (is_small_integer(type.id)) return integer_from_double(name, type);
    if (type.id == TypeId::date && formats.date.empty()) return date_from_timestamp(name);
  }
  return from_text(name, type, {formats, true, false, {}});
}

StrictColumn guessed_column(const std::string& name, const TextSample& sample, const TextFormats& formats) {
  if (sample.is_written_as_date(name)) return from_text(name, TypeId::date, {formats, true, false, {}});
  if (sample.is_written_as_timestamp(name)) {
    return from_text(name, type_of_timestamp_format(formats.timestamp), {formats, true, false, {}});
  }
  const TextFormats iso{{}, {}, formats.decimal_separator};
  const TypeGuess& guess = sample.guess(name);
  const Type type = guess.type();
  if (type.id != TypeId::bigint && type.id != TypeId::hugeint) return column_of(name, type, guess, iso);
  if (guess.fits_double() && !guess.has_empty_texts()) return integer_from_double(name, type);
  return from_text(name, type, {iso, true, true, {}});
}

std::string sample_sql(const StepContext& context, const CsvPlan& plan, const CsvFile& file,
                       const std::vector<std::string>& names) {
  std::vector<CsvColumn> texts;
  for (const std::string& name : file.header.names) texts.push_back({name, "VARCHAR"});
  const std::set<std::string> present(file.header.names.begin(), file.header.names.end());
  std::vector<std::string> items;
  for (const std::string& name : names) {
    const bool is_present = present.contains(name);
    items.push_back((is_present ? "" : "CAST(NULL AS VARCHAR) AS ") + engine::quote_identifier(name));
  }
  const std::string_view extra = plan.skips_bad_rows ? ", ignore_errors = true" : "";
  return fmt::format("SELECT {} FROM {}{}", join(items, ", "),
                     read_csv(file.input, plan.format, texts, file.header.skip, extra),
                     sample_limit_sql(context, plan.files.size()));
}

TextSample read_sample(const StepContext& context, const CsvPlan& plan, const std::vector<std::string>& names) {
  std::vector<std::string> selects;
  for (const CsvFile& file : plan.files) selects.push_back(sample_sql(context, plan, file, names));
  try {
    return {context, names, selects, plan.format.formats};
  } catch (const Exception& exception) {
    fail(explain_csv(plan, context.connection, exception.error()));
  }
}

}  // namespace

std::vector<StrictColumn> typed_columns(const StepContext& context, const CsvPlan& plan,
                                        const std::vector<std::string>& names,
                                        const std::vector<std::string>& selected) {
  const InputFile& first = plan.files.front().input;
  const std::map<std::string, Type> declared = declared_types(context, first);
  for (const auto& [name, type] : declared) {
    if (std::ranges::find(names, name) == names.end())
      fail(unknown_column(name, names, fmt::format("'{}'", first.shown)));
  }
  const bool infers = context.config.at("infer_types").get<bool>();
  std::vector<std::string> sampled;
  std::ranges::copy_if(selected, std::back_inserter(sampled),
                       [&](const std::string& name) { return infers || declared.contains(name); });
  const TextSample sample = read_sample(context, plan, sampled);
  std::vector<StrictColumn> columns;
  for (const std::string& name : selected) {
    if (const auto found = declared.find(name); found != declared.end()) {
      columns.push_back(column_of(name, found->second, sample.guess(name), plan.format.formats));
    } else {
      columns.push_back(infers ? guessed_column(name, sample, plan.format.formats) : as_it_is(name, TypeId::varchar));
    }
  }
  return columns;
}

}  // namespace spillway::drivers::file
