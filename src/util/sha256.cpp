#include "util/sha256.hpp"

// The one-shot SHA256() of OpenSSL 3 looks up its providers first: 2 ms of a program that starts in 4.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <array>

#include <fmt/format.h>
#include <openssl/sha.h>

namespace spillway {

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.append(bytes);
  return hash.hex();
}

Sha256::Sha256() : m_state(std::make_unique<SHA256state_st>()) { SHA256_Init(m_state.get()); }

Sha256::~Sha256() = default;

void Sha256::append(std::string_view bytes) { SHA256_Update(m_state.get(), bytes.data(), bytes.size()); }

std::string Sha256::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_Final(digest.data(), m_state.get());
  std::string hex;
  for (unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace spillway
