#include "util/base64.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

namespace spillway {
namespace {

constexpr std::size_t k_group_bytes = 3;
constexpr std::size_t k_group_characters = 4;
constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// OpenSSL counts in int.
constexpr std::size_t k_piece_groups = std::size_t{1} << 20;

constexpr std::array<bool, 256> make_digit_table() {
  std::array<bool, 256> table{};
  for (const char digit : k_alphabet) table[static_cast<unsigned char>(digit)] = true;
  return table;
}
constexpr std::array<bool, 256> k_is_digit = make_digit_table();

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text, std::size_t at) {
  return reinterpret_cast<unsigned char*>(text.data()) + at;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + k_group_bytes - 1) / k_group_bytes * k_group_characters + 1, '\0');
  std::size_t end = 0;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, k_piece_groups * k_group_bytes);
    end += static_cast<std::size_t>(
        ::EVP_EncodeBlock(bytes_of(text, end), bytes_of(piece), static_cast<int>(piece.size())));
    bytes.remove_prefix(piece.size());
  }
  text.resize(end);
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string_view digits = text;
  for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  // The library would take blanks, and padding in the middle.
  const bool has_digits_only =
      std::ranges::all_of(digits, [](char digit) { return k_is_digit[static_cast<unsigned char>(digit)]; });
  if (text.size() % k_group_characters != 0 || !has_digits_only) return std::nullopt;
  const std::size_t padding = text.size() - digits.size();
  std::string bytes(text.size() / k_group_characters * k_group_bytes, '\0');
  std::size_t end = 0;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, k_piece_groups * k_group_characters);
    const int count = ::EVP_DecodeBlock(bytes_of(bytes, end), bytes_of(piece), static_cast<int>(piece.size()));
    if (count < 0) return std::nullopt;
    end += static_cast<std::size_t>(count);
    text.remove_prefix(piece.size());
  }
  bytes.resize(end - padding);
  return bytes;
}

}  // namespace spillway
