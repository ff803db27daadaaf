#include "drivers/file/text_sample.hpp"

#include <optional>

#include <fmt/format.h>

#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {

TextSample::TextSample(const StepContext& context, std::vector<std::string> names,
                       const std::vector<std::string>& selects, const TextFormats& formats)
    : m_names(std::move(names)), m_guesses(m_names.size(), TypeGuess(formats.decimal_separator)) {
  for (std::size_t i = 0; i < m_names.size(); ++i) m_indexes[m_names[i]] = i;
  if (m_names.empty()) return;
  engine::StatementControl repeatable = context.control;
  repeatable.may_repeat = true;
  for (const std::string& select : selects) {
    engine::ResultStream rows = context.connection.stream(select, repeatable);
    while (const std::optional<engine::Chunk> chunk = rows.next()) observe(*chunk);
  }
  m_is_date = written_as(context, selects, formats.date);
  m_is_timestamp = written_as(context, selects, formats.timestamp);
}

void TextSample::observe(const engine::Chunk& chunk) {
  for (std::size_t column = 0; column < m_names.size(); ++column) {
    const engine::VectorView& cells = chunk.column(column);
    for (std::uint64_t row = 0; row < chunk.row_count(); ++row) {
      if (!cells.is_null(row)) m_guesses[column].observe(cells.text(row));
    }
  }
}

std::vector<bool> TextSample::written_as(const StepContext& context, const std::vector<std::string>& selects,
                                         const std::string& format) const {
  std::vector<bool> matches(m_names.size(), false);
  if (format.empty()) return matches;
  std::vector<std::string> items;
  for (const std::string& name : m_names) {
    items.push_back(
        fmt::format("count(nullif({0}, '')) > 0 AND count(nullif({0}, '')) = count(try_strptime({0}, {1}))",
                    engine::quote_identifier(name), engine::quote_literal(format)));
  }
  const auto rows = context.connection.rows(
      fmt::format("SELECT {} FROM (({}))", join(items, ", "), join(selects, ") UNION ALL (")));
  for (std::size_t i = 0; i < matches.size(); ++i) matches[i] = rows.at(0)[i] == "true";
  return matches;
}

std::string sample_limit_sql(const StepContext& context, std::size_t file_count) {
  const auto rows = context.config.at("sample_rows").get<std::int64_t>();
  if (rows < 0) return {};
  const auto files = static_cast<std::int64_t>(file_count);
  return fmt::format(" LIMIT {}", (rows + files - 1) / files);
}

engine::Type type_of_timestamp_format(const std::string& format) {
  return format.find("%z") == std::string::npos ? engine::TypeId::timestamp : engine::TypeId::timestamp_tz;
}

}  // namespace spillway::drivers::file
