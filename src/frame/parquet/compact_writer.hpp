#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::frame::parquet {

/// Writes structs in Thrift's compact protocol, which Parquet's headers and footer are in. Fields come in the order
/// of their numbers.
class CompactWriter {
 public:
  enum class Element : std::uint8_t { i32 = 5, binary = 8, structure = 12 };

  explicit CompactWriter(std::string& out) : m_out(out) {}

  void boolean(int field, bool value);
  void i8(int field, std::int8_t value);
  void i32(int field, std::int64_t value) { number(field, k_i32, value); }
  void i64(int field, std::int64_t value) { number(field, k_i64, value); }
  void binary(int field, std::string_view bytes);
  /// A struct in a field, until end().
  void begin(int field);
  /// A struct that is a list's element or the outermost one, until end().
  void begin();
  void end();
  /// So many elements follow, each by element() or as a struct.
  void list(int field, Element type, std::size_t size);
  void element(std::int32_t value);
  void element(std::string_view bytes);

 private:
  static constexpr std::uint8_t k_i32 = 5;
  static constexpr std::uint8_t k_i64 = 6;

  void header(int field, std::uint8_t type);
  void number(int field, std::uint8_t type, std::int64_t value);

  std::string& m_out;
  std::vector<int> m_last_fields;  ///< of the structs that are open
};

}  // namespace spillway::frame::parquet
