#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "util/error.hpp"

/// E2B, or a host that speaks its protocol: sandboxes are made over one REST service, the control plane, and each has
/// one of its own for files and processes, the data plane.
namespace spillway::e2b {

/// A text that is wiped from memory at its end.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string text) : m_text(std::move(text)) {}
  SecretText(const SecretText&) = default;
  SecretText& operator=(const SecretText&) = default;
  SecretText(SecretText&&) = default;
  SecretText& operator=(SecretText&&) = default;
  ~SecretText();

  const std::string& reveal() const { return m_text; }
  bool empty() const { return m_text.empty(); }

 private:
  std::string m_text;
};

/// Where the service is and what it knows us by, as the official clients read it from the environment.
struct Settings {
  SecretText api_key;             ///< E2B_API_KEY
  std::string domain;             ///< E2B_DOMAIN
  std::string api_url;            ///< E2B_API_URL, else https://api.<domain>; without a slash at the end
  std::string sandbox_url;        ///< E2B_SANDBOX_URL: of every sandbox's data plane; empty: by the domain
  std::filesystem::path ca_file;  ///< SSL_CERT_FILE: whose certificates are trusted; empty: the system's
};

using Environment = std::function<std::optional<std::string>(const std::string&)>;
Result<Settings> read_settings(const Environment& environment);
/// The same of this process's environment.
Result<Settings> read_settings();

}  // namespace spillway::e2b
