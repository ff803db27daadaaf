#include "util/sha256.hpp"

// The one-shot SHA256() of OpenSSL 3 looks up its providers first: 2 ms of a program that starts in 4.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <array>

#include <fmt/format.h>
#include <openssl/sha.h>

namespace spillway {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(digest.data(), &context);
  std::string hex;
  for (unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace spillway
