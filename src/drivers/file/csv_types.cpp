#include "drivers/file/csv_types.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "drivers/engine_text.hpp"
#include "drivers/file/columns.hpp"
#include "drivers/file/config.hpp"
#include "drivers/file/csv_errors.hpp"
#include "drivers/file/type_guess.hpp"
#include "engine/result.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_identifier;
using engine::quote_literal;
using engine::Type;
using engine::TypeId;

/// The sampled rows of one file as texts; a LIMIT a file.
std::string sample_sql(const CsvPlan& plan, const CsvFile& file, const std::vector<std::string>& names,
                       std::optional<std::uint64_t> limit) {
  std::vector<CsvColumn> texts;
  for (const std::string& name : file.header.names) texts.push_back({name, "VARCHAR"});
  std::vector<std::string> items;
  for (const std::string& name : names) {
    const bool is_present = std::ranges::find(file.header.names, name) != file.header.names.end();
    items.push_back(is_present ? quote_identifier(name) : "CAST(NULL AS VARCHAR) AS " + quote_identifier(name));
  }
  return fmt::format("SELECT {} FROM {}{}", join(items, ", "),
                     read_csv(file.input, plan.format, texts, file.header.skip_lines,
                              plan.skips_bad_rows ? ", ignore_errors = true" : ""),
                     limit ? fmt::format(" LIMIT {}", *limit) : "");
}

/// What a sample of the rows tells about the columns `names`.
class Sample {
 public:
  Sample(const StepContext& context, const CsvPlan& plan, std::vector<std::string> names)
      : m_context(context), m_names(std::move(names)), m_guesses(m_names.size(), TypeGuess(separator(plan))) {
    const auto rows = context.config.at("sample_rows").get<std::int64_t>();
    const auto files = static_cast<std::int64_t>(plan.files.size());
    std::optional<std::uint64_t> limit;
    if (rows > 0) limit = static_cast<std::uint64_t>((rows + files - 1) / files);
    for (const CsvFile& file : plan.files) m_selects.push_back(sample_sql(plan, file, m_names, limit));
  }

  void read() {
    for (const std::string& select : m_selects) {
      engine::ResultStream rows = m_context.connection.stream(select, m_context.control);
      while (const std::optional<engine::Chunk> chunk = rows.next()) observe(*chunk);
    }
  }

  const TypeGuess& guess(const std::string& name) const { return m_guesses[index(name)]; }

  /// The columns whose every sampled text the strptime format reads.
  std::vector<std::string> written_as(const std::string& format) const {
    std::vector<std::string> matching;
    if (format.empty()) return matching;
    std::vector<std::string> items;
    for (const std::string& name : m_names) {
      items.push_back(fmt::format("count({0}) > 0 AND count({0}) = count(try_strptime({0}, {1}))",
                                  quote_identifier(name), quote_literal(format)));
    }
    const auto rows = m_context.connection.rows(
        fmt::format("SELECT {} FROM ({})", join(items, ", "), "(" + join(m_selects, ") UNION ALL (") + ")"));
    for (std::size_t i = 0; i < m_names.size(); ++i) {
      if (rows.at(0)[i] == "true") matching.push_back(m_names[i]);
    }
    return matching;
  }

 private:
  static char separator(const CsvPlan& plan) { return plan.format.formats.decimal_separator; }

  std::size_t index(const std::string& name) const {
    return static_cast<std::size_t>(std::ranges::find(m_names, name) - m_names.begin());
  }

  void observe(const engine::Chunk& chunk) {
    for (std::size_t column = 0; column < m_names.size(); ++column) {
      const engine::VectorView& cells = chunk.column(column);
      for (std::uint64_t row = 0; row < chunk.row_count(); ++row) {
        if (!cells.is_null(row)) m_guesses[column].observe(cells.text(row));
      }
    }
  }

  const StepContext& m_context;
  std::vector<std::string> m_names;
  std::vector<TypeGuess> m_guesses;
  std::vector<std::string> m_selects;
};

using TypeTexts = std::map<std::string, std::string>;

TypeTexts declared_texts(const StepContext& context, const std::vector<std::string>& names, const std::string& what) {
  const TypeTexts declared = option<TypeTexts>(context.config, "types").value_or(TypeTexts());
  for (const auto& [name, text] : declared) {
    if (std::ranges::find(names, name) == names.end()) fail(unknown_column(name, names, what));
  }
  return declared;
}

/// The type that a text names. The text goes to the engine as a literal, so it can only be a type.
Type parse_type(const StepContext& context, const CsvPlan& plan, const std::string& name, const std::string& text) {
  const CsvFile& file = plan.files.front();
  try {
    return context.connection.describe("FROM " + read_csv(file.input, plan.format, {{name, text}}, 0)).at(0).type;
  } catch (const Exception& exception) {
    const std::string reason = without_error_type(first_line(exception.error().message));
    fail(ErrorCode::invalid_config, fmt::format("cannot use type '{}' for column '{}': {}", text, name, reason),
         "types are SQL's: BIGINT, DOUBLE, DECIMAL(18,2), VARCHAR, BOOLEAN, DATE, TIMESTAMP, TIMESTAMPTZ");
  }
}

bool is_small_integer(TypeId id) {
  return id == TypeId::tinyint || id == TypeId::smallint || id == TypeId::integer || id == TypeId::utinyint ||
         id == TypeId::usmallint || id == TypeId::uinteger;
}

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
    case TypeId::time_tz:
      return false;
    default:
      return !is_small_integer(id);
  }
}

StrictColumn declared_column(const std::string& name, const Type& type, const TypeGuess& guess,
                             const TextFormats& formats) {
  if (type.id == TypeId::varchar && type.alias.empty()) return as_it_is(name, type);
  if (guess.has_empty_texts()) return from_text(name, type, formats, Empties::null);
  if (reads_exactly(type.id)) return as_it_is(name, type);
  if (is_small_integer(type.id)) return integer_from_double(name, type);
  if (type.id == TypeId::date && formats.date.empty()) return date_from_timestamp(name);
  return from_text(name, type, formats, Empties::null);
}

StrictColumn guessed_column(const std::string& name, const TypeGuess& guess, const TextFormats& formats) {
  const Type type = guess.type();
  if (type.id == TypeId::varchar) return as_it_is(name, type);
  const bool is_integer = type.id == TypeId::bigint || type.id == TypeId::hugeint;
  if (guess.has_empty_texts() || (is_integer && !guess.fits_double())) {
    return from_text(name, type, formats, Empties::null, Digits::as_text);
  }
  if (is_integer) return integer_from_double(name, type);
  return declared_column(name, type, guess, formats);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::vector<StrictColumn> typed_columns(const StepContext& context, const CsvPlan& plan,
                                        const std::vector<std::string>& names,
                                        const std::vector<std::string>& selected) {
  const TypeTexts declared = declared_texts(context, names, fmt::format("'{}'", plan.files.front().input.shown));
  const bool infers = context.config.at("infer_types").get<bool>();
  std::vector<std::string> sampled;
  std::ranges::copy_if(selected, std::back_inserter(sampled),
                       [&](const std::string& name) { return infers || declared.contains(name); });
  Sample sample(context, plan, sampled);
  std::vector<std::string> written_as_date;
  std::vector<std::string> written_as_timestamp;
  const TextFormats& formats = plan.format.formats;
  try {
    if (!sampled.empty()) {
      sample.read();
      written_as_date = sample.written_as(formats.date);
      written_as_timestamp = sample.written_as(formats.timestamp);
    }
  } catch (const Exception& exception) {
    fail(explain_csv(plan, context.connection, exception.error()));
  }

  const Type zoned = formats.timestamp.find("%z") == std::string::npos ? TypeId::timestamp : TypeId::timestamp_tz;
  const TextFormats iso{{}, {}, formats.decimal_separator};
  std::vector<StrictColumn> columns;
  for (const std::string& name : selected) {
    if (const auto text = declared.find(name); text != declared.end()) {
      const Type type = parse_type(context, plan, name, text->second);
      columns.push_back(declared_column(name, type, sample.guess(name), formats));
    } else if (!infers) {
      columns.push_back(as_it_is(name, TypeId::varchar));
    } else if (contains(written_as_date, name)) {
      columns.push_back(from_text(name, TypeId::date, formats, Empties::null));
    } else if (contains(written_as_timestamp, name)) {
      columns.push_back(from_text(name, zoned, formats, Empties::null));
    } else {
      columns.push_back(guessed_column(name, sample.guess(name), iso));
    }
  }
  return columns;
}

}  // namespace spillway::drivers::file
