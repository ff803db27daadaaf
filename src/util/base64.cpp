#include "util/base64.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

namespace spillway {
namespace {

constexpr std::size_t k_group_bytes = 3;
constexpr std::size_t k_group_characters = 4;
constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<bool, 256> make_digit_table() {
  std::array<bool, 256> table{};
  for (const char digit : k_alphabet) table[static_cast<unsigned char>(digit)] = true;
  return table;
}
constexpr std::array<bool, 256> k_is_digit = make_digit_table();

const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* octets(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + k_group_bytes - 1) / k_group_bytes * k_group_characters, '\0');
  // It also writes a NUL, where the string has its own.
  ::EVP_EncodeBlock(octets(text), octets(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string_view digits = text;
  for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  // The library would take blanks, and padding in the middle.
  const bool has_digits_only =
      std::ranges::all_of(digits, [](char digit) { return k_is_digit[static_cast<unsigned char>(digit)]; });
  if (text.size() % k_group_characters != 0 || !has_digits_only) return std::nullopt;
  std::string bytes(text.size() / k_group_characters * k_group_bytes, '\0');
  if (::EVP_DecodeBlock(octets(bytes), octets(text), static_cast<int>(text.size())) < 0) return std::nullopt;
  bytes.resize(bytes.size() - (text.size() - digits.size()));
  return bytes;
}

}  // namespace spillway
