#include "util/base64.hpp"

#include <openssl/evp.h>

namespace spillway {
namespace {

constexpr std::size_t k_group_bytes = 3;
constexpr std::size_t k_group_characters = 4;
/// OpenSSL counts in int.
constexpr std::size_t k_piece_groups = std::size_t{1} << 20;

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
  if (text.size() % k_group_characters != 0) return std::nullopt;
  // OpenSSL lets blanks pass at both ends, and padding anywhere.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.substr(0, text.size() - padding).find_first_of("= \t\r\n-") != std::string_view::npos) return std::nullopt;
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
