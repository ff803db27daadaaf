#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

/// Numbers as PostgreSQL sends them: big-endian. Both ends of the wire, and the epochs it counts from.
namespace spillway::drivers::postgres {

inline constexpr std::int32_t k_epoch_days = 10957;  ///< from 1970-01-01 to 2000-01-01
inline constexpr std::int64_t k_epoch_micros = 946'684'800'000'000;

inline std::uint16_t swapped(std::uint16_t value) { return __builtin_bswap16(value); }
inline std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }
inline std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }

template <std::size_t Bytes>
struct UnsignedOf;
template <>
struct UnsignedOf<2> {
  using Type = std::uint16_t;
};
template <>
struct UnsignedOf<4> {
  using Type = std::uint32_t;
};
template <>
struct UnsignedOf<8> {
  using Type = std::uint64_t;
};

/// The number of type T (integer or floating point, 2 to 8 bytes) that begins at `data`.
template <typename T>
T read_number(const char* data) {
  typename UnsignedOf<sizeof(T)>::Type bits{};
  std::memcpy(&bits, data, sizeof bits);
  return std::bit_cast<T>(swapped(bits));
}

template <typename T>
void append_number(std::string& bytes, T value) {
  const auto bits = swapped(std::bit_cast<typename UnsignedOf<sizeof(T)>::Type>(value));
  bytes.append(reinterpret_cast<const char*>(&bits), sizeof bits);
}

}  // namespace spillway::drivers::postgres
