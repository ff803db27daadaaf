#include "drivers/file/csv_format.hpp"

#include <fmt/format.h>

#include "drivers/file/config.hpp"
#include "engine/sql.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

using engine::quote_literal;

std::string columns_sql(const std::vector<CsvColumn>& columns) {
  std::vector<std::string> members;
  for (const CsvColumn& column : columns) {
    members.push_back(quote_literal(column.name) + ": " + quote_literal(column.type));
  }
  return "{" + join(members, ", ") + "}";
}

/// What the engine would guess otherwise. A folder like year=2024 adds no column.
std::string common_options(const CsvFormat& format, std::uint64_t skip) {
  // What a thread holds of a file at a time is a multiple of the buffer, which only has to hold the longest line.
  return fmt::format(
      "auto_detect = false, hive_partitioning = false, encoding = {}, compression = {}, skip = {}, "
      "max_line_size = {}, buffer_size = {}",
      quote_literal(format.encoding), quote_literal(format.compression), skip, format.maximum_line_bytes,
      format.maximum_line_bytes);
}

}  // namespace

CsvFormat CsvFormat::from(const nlohmann::json& config) {
  CsvFormat format;
  format.delimiter = config.at("delimiter").get<std::string>();
  format.quote = config.at("quote").get<std::string>();
  format.escape = option<std::string>(config, "escape").value_or(format.quote);
  format.header = config.at("header").get<bool>();
  format.encoding = config.at("encoding").get<std::string>();
  format.compression = config.at("compression").get<std::string>();
  format.null_values = texts(config, "null_values");
  format.skip_rows = config.at("skip_rows").get<std::uint64_t>();
  format.maximum_line_bytes = config.at("maximum_line_bytes").get<std::uint64_t>();
  format.formats.date = option<std::string>(config, "date_format").value_or("");
  format.formats.timestamp = option<std::string>(config, "timestamp_format").value_or("");
  format.formats.decimal_separator = config.at("decimal_separator").get<std::string>().front();
  return format;
}

bool CsvFormat::is_plain(const InputFile& file) const {
  const std::string extension = file.path.extension().string();
  const bool has_compressed_name = extension == ".gz" || extension == ".zst";
  return encoding != "utf-16" && (compression == "none" || (compression == "auto" && !has_compressed_name));
}

std::string read_csv(const InputFile& file, const CsvFormat& format, const std::vector<CsvColumn>& columns,
                     std::uint64_t skip, std::string_view extra) {
  return fmt::format(
      "read_csv({}, {}, header = {}, delim = {}, quote = {}, escape = {}, nullstr = {}, "
      "allow_quoted_nulls = false, decimal_separator = {}, columns = {}{})",
      quote_literal(file.path.string()), common_options(format, skip), format.header, quote_literal(format.delimiter),
      quote_literal(format.quote), quote_literal(format.escape), engine::quote_list(format.null_values),
      quote_literal(std::string(1, format.formats.decimal_separator)), columns_sql(columns), extra);
}

std::string read_lines(const InputFile& file, const CsvFormat& format) {
  // The engine wants a delimiter: one that no text holds.
  return fmt::format(
      "read_csv({}, {}, header = false, delim = '\\0', quote = '', escape = '', nullstr = [''], "
      "columns = {{'line': 'VARCHAR'}})",
      quote_literal(file.path.string()), common_options(format, 0));
}

}  // namespace spillway::drivers::file
