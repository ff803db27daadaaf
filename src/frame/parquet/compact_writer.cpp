#include "frame/parquet/compact_writer.hpp"

#include "frame/parquet/bits.hpp"

namespace spillway::frame::parquet {
namespace {

constexpr std::uint8_t k_true = 1;
constexpr std::uint8_t k_false = 2;
constexpr std::uint8_t k_i8 = 3;
constexpr std::uint8_t k_binary = 8;
constexpr std::uint8_t k_list = 9;
constexpr std::uint8_t k_struct = 12;
constexpr unsigned k_nibble = 4;
constexpr int k_max_nibble = 15;

}  // namespace

void CompactWriter::header(int field, std::uint8_t type) {
  const int step = field - m_last_fields.back();
  m_last_fields.back() = field;
  if (step > 0 && step <= k_max_nibble) {
    m_out.push_back(static_cast<char>((static_cast<unsigned>(step) << k_nibble) | type));
  } else {
    m_out.push_back(static_cast<char>(type));
    append_zigzag(field, m_out);
  }
}

void CompactWriter::number(int field, std::uint8_t type, std::int64_t value) {
  header(field, type);
  append_zigzag(value, m_out);
}

void CompactWriter::boolean(int field, bool value) { header(field, value ? k_true : k_false); }

void CompactWriter::i8(int field, std::int8_t value) {
  header(field, k_i8);
  m_out.push_back(static_cast<char>(value));
}

void CompactWriter::binary(int field, std::string_view bytes) {
  header(field, k_binary);
  element(bytes);
}

void CompactWriter::begin(int field) {
  header(field, k_struct);
  begin();
}

void CompactWriter::begin() { m_last_fields.push_back(0); }

void CompactWriter::end() {
  m_last_fields.pop_back();
  m_out.push_back('\0');
}

void CompactWriter::list(int field, Element type, std::size_t size) {
  header(field, k_list);
  const auto low = static_cast<unsigned>(type);
  if (size < k_max_nibble) {
    m_out.push_back(static_cast<char>((static_cast<unsigned>(size) << k_nibble) | low));
  } else {
    m_out.push_back(static_cast<char>((static_cast<unsigned>(k_max_nibble) << k_nibble) | low));
    append_varint(size, m_out);
  }
}

void CompactWriter::element(std::int32_t value) { append_zigzag(value, m_out); }

void CompactWriter::element(std::string_view bytes) {
  append_varint(bytes.size(), m_out);
  m_out.append(bytes);
}

}  // namespace spillway::frame::parquet
