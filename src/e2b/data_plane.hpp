#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "e2b/address.hpp"
#include "e2b/e2b_error.hpp"
#include "e2b/settings.hpp"
#include "util/cancel.hpp"
#include "util/http/client.hpp"

namespace spillway::e2b {

/// What a sandbox has and uses.
struct SandboxUsage {
  std::uint64_t memory_bytes = 0;  ///< that it has; 0: not told
  std::uint64_t memory_used_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t disk_used_bytes = 0;
};

/// The files of one sandbox, and how it is. One thread at a time; what goes on at the same time takes one each.
/// Throws ErrorCode::cancelled, and what a sink throws.
class DataPlane {
 public:
  DataPlane(const Settings& settings, const Sandbox& sandbox, const CancelToken& cancel);

  /// Nothing when it is well; Fault::gone when it is no more. Asked once.
  Answer<void> check_health();
  /// Asked once.
  Answer<SandboxUsage> usage();

  enum class Encoding { plain, gzip };
  /// Writes a file, and the folders above it; `bytes` are packed already when the encoding says so. Tried again: the
  /// file is replaced as a whole. A path that is not absolute is below the user's home.
  Answer<void> upload(const std::string& path, std::string_view bytes, Encoding encoding = Encoding::plain);
  /// The `size` bytes of a file, in order; goes on where it was cut. An error when the file is longer or shorter.
  Answer<void> download(const std::string& path, std::uint64_t size,
                        const std::function<void(std::string_view)>& sink);

  /// A request to its daemon, once; `path` may have a query. Fails for what is no success.
  Answer<http::Response> send(std::string_view what, const std::string& path, http::Request request);

 private:
  Answer<void> download_rest(const std::string& what, const std::string& path, std::uint64_t size,
                             std::uint64_t& done, const std::function<void(std::string_view)>& sink);

  std::string m_url;
  std::vector<std::string> m_headers;
  const CancelToken& m_cancel;
  http::Client m_http;
};

}  // namespace spillway::e2b
