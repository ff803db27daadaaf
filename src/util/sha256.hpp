#pragma once

#include <memory>
#include <string>
#include <string_view>

struct SHA256state_st;  // NOLINT(readability-identifier-naming): the name is OpenSSL's

namespace spillway {

/// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// The same of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void append(std::string_view bytes);
  /// Of all bytes; nothing can be appended after it.
  std::string hex();

 private:
  std::unique_ptr<SHA256state_st> m_state;
};

}  // namespace spillway
