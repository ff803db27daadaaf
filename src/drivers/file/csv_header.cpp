#include "drivers/file/csv_header.hpp"

#include <set>

#include <fmt/format.h>

#include "drivers/file/csv_records.hpp"
#include "drivers/file/mapped_file.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::file {
namespace {

/// Enough for blank lines in front and line breaks in quoted names.
constexpr std::uint64_t k_head_lines = 100;
constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

/// Each byte as the character that it is in Latin-1.
std::string latin1_to_utf8(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | (code >> 6));
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return text;
}

/// The opposite; the text holds nothing but characters of Latin-1.
std::string utf8_to_latin1(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto code = static_cast<unsigned char>(text[at]);
    const bool is_pair = code >= 0xC0 && at + 1 < text.size();
    bytes +=
        is_pair ? static_cast<char>((code & 0x03) << 6 | (static_cast<unsigned char>(text[++at]) & 0x3F)) : text[at];
  }
  return bytes;
}

/// The first lines of a file that only the engine can unpack. UTF-8 is read as bytes, as one that is wrong behind the
/// header is no fault of the header's.
std::string unpack_head(engine::Connection& connection, const InputFile& file, CsvFormat format) {
  const bool is_utf8 = format.encoding == "utf-8";
  if (is_utf8) format.encoding = "latin-1";
  std::string head;
  for (const auto& line :
       connection.rows(fmt::format("FROM {} LIMIT {}", read_lines(file, format), format.skip_rows + k_head_lines))) {
    head += line[0].value_or("") + "\n";
  }
  return is_utf8 ? utf8_to_latin1(head) : head;
}

/// In the lines that it passes over, the engine takes a broken quote for the end of the file.
void check_quotes(const InputFile& file, const CsvFormat& format, const CsvRecords& records) {
  if (!records.broken_field()) return;
  fail(ErrorCode::bad_data,
       fmt::format("cannot read '{}': a quote in line {} is not closed, or closed too early", file.shown,
                   records.line()),
       fmt::format("the quote is {}: set it to the one that the file has", format.quote));
}

std::string name_of(const InputFile& file, const CsvFormat& format, const std::string& field, std::uint64_t line) {
  const std::string text = format.encoding == "latin-1" && format.is_plain(file) ? latin1_to_utf8(field) : field;
  if (to_valid_utf8(text) != text) {
    fail(ErrorCode::bad_data,
         fmt::format("cannot read '{}': line {}: it is not {}", file.shown, line, format.encoding),
         "set encoding to what the file has: utf-8, utf-16 or latin-1");
  }
  return std::string(trim(text));
}

}  // namespace

std::vector<std::string> unique_names(std::vector<std::string> names) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) names[i] = fmt::format("column{}", i);
    const std::string wanted = names[i];
    for (int copy = 1; !taken.insert(to_lower(names[i])).second; ++copy)
      names[i] = fmt::format("{}_{}", wanted, copy);
  }
  return names;
}

CsvHeader read_header(engine::Connection& connection, const InputFile& file, const CsvFormat& format) {
  const bool is_plain = format.is_plain(file);
  const MappedFile mapped(file.path);
  const std::string unpacked = is_plain ? std::string() : unpack_head(connection, file, format);
  std::string_view head = is_plain ? mapped.bytes() : unpacked;
  if (head.starts_with(k_byte_order_mark)) head.remove_prefix(k_byte_order_mark.size());
  CsvRecords records(head, format);
  bool has_header = records.next();
  for (; has_header && records.rows_in_front() < format.skip_rows; has_header = records.next()) {
    check_quotes(file, format, records);
  }
  if (!has_header) {
    fail(ErrorCode::bad_data,
         fmt::format("cannot read '{}': it has no {}", file.shown, format.header ? "header line" : "line with data"),
         format.skip_rows == 0 ? "" : fmt::format("skip_rows passes over {} lines", format.skip_rows));
  }
  check_quotes(file, format, records);
  CsvHeader header;
  header.skip = records.rows_in_front();
  const std::vector<std::string> fields = records.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    header.names.push_back(format.header ? name_of(file, format, fields[i], records.line())
                                         : fmt::format("column{}", i));
  }
  header.names = unique_names(std::move(header.names));
  return header;
}

}  // namespace spillway::drivers::file
