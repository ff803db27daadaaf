#include "e2b/data_plane.hpp"

#include <utility>

#include <fmt/format.h>

#include "e2b/attempts.hpp"
#include "e2b/json_text.hpp"
#include "protocol/codec.hpp"
#include "util/http/status.hpp"
#include "util/http/url.hpp"

namespace spillway::e2b {
namespace {

constexpr std::uint64_t k_most_data_bytes = std::uint64_t{16} * 1024 * 1024;
constexpr std::chrono::seconds k_health_time{10};
/// A sandbox that writes a large file to its disk may be silent for a while.
constexpr std::chrono::seconds k_file_silence{120};

std::string file_path(const std::string& path) { return "/files?path=" + http::url_encoded(path); }

}  // namespace

DataPlane::DataPlane(const Settings& settings, const Sandbox& sandbox, const CancelToken& cancel)
    : m_url(data_plane_url(settings, sandbox)),
      m_headers(data_plane_headers(sandbox)),
      m_cancel(cancel),
      m_http({.server = "the sandbox at " + m_url, .ca_file = settings.ca_file}, cancel) {}

Answer<http::Response> DataPlane::send(std::string_view what, const std::string& path, http::Request request) {
  request.url = m_url + path;
  request.headers.insert(request.headers.end(), m_headers.begin(), m_headers.end());
  request.most_body_bytes = k_most_data_bytes;
  auto sent = m_http.send(request);
  if (!sent) return tl::unexpected(error_of(what, sent.error()));
  if (!sent->is_success()) return tl::unexpected(error_of(what, Plane::data, *sent));
  return *std::move(sent);
}

Answer<void> DataPlane::check_health() {
  const auto answer = send("the sandbox is not well", "/health", {.timeout = k_health_time});
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Answer<SandboxUsage> DataPlane::usage() {
  constexpr auto k_what = "cannot see what the sandbox uses";
  const auto answer = send(k_what, "/metrics", {.timeout = k_health_time});
  if (!answer) return tl::unexpected(answer.error());
  const nlohmann::json body = parse_json(answer->body);
  if (!body.is_object()) return tl::unexpected(bad_answer(k_what, "it is no object"));
  return SandboxUsage{protocol::count_or(body, "mem_total"), protocol::count_or(body, "mem_used"),
                      protocol::count_or(body, "disk_total"), protocol::count_or(body, "disk_used")};
}

Answer<void> DataPlane::upload(const std::string& path, std::string_view bytes, Encoding encoding) {
  const std::string what = fmt::format("cannot write '{}' in the sandbox", path);
  http::Request request{.method = "POST", .headers = {"Content-Type: application/octet-stream"}, .body = bytes};
  if (encoding == Encoding::gzip) request.headers.emplace_back("Content-Encoding: gzip");
  request.silence = k_file_silence;
  const auto answer = with_attempts({}, m_cancel, [&] { return send(what, file_path(path), request); });
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Answer<void> DataPlane::download_rest(const std::string& what, const std::string& path, std::uint64_t size,
                                      std::uint64_t& done, const std::function<void(std::string_view)>& sink) {
  http::Request request{.silence = k_file_silence};
  const std::uint64_t start = done;
  if (start > 0) request.headers.push_back(fmt::format("Range: bytes={}-", start));
  std::uint64_t skipped = 0;
  bool is_longer = false;
  request.on_body = [&](const http::Response& response, std::string_view bytes) {
    if (response.status != http::k_partial_content && skipped < start) {
      // A host that knows no ranges sends all of it again.
      const std::string_view known = bytes.substr(0, start - skipped);
      skipped += known.size();
      bytes.remove_prefix(known.size());
    }
    const std::string_view wanted = bytes.substr(0, size - done);
    is_longer = is_longer || wanted.size() < bytes.size();
    if (wanted.empty()) return;
    sink(wanted);
    done += wanted.size();
  };
  const auto answer = send(what, file_path(path), request);
  if (!answer) return tl::unexpected(answer.error());
  if (is_longer) return tl::unexpected(bad_answer(what, fmt::format("the file is longer than {} bytes", size)));
  if (done < size) {
    return tl::unexpected(bad_answer(what, fmt::format("the file has {} bytes, and not {}", done, size)));
  }
  return {};
}

Answer<void> DataPlane::download(const std::string& path, std::uint64_t size,
                                 const std::function<void(std::string_view)>& sink) {
  const std::string what = fmt::format("cannot read '{}' of the sandbox", path);
  std::uint64_t done = 0;
  while (true) {
    const std::uint64_t before = done;
    // Attempts are counted anew for as long as something comes.
    auto answer = with_attempts({}, m_cancel, [&]() -> Answer<void> {
      auto rest = download_rest(what, path, size, done, sink);
      if (!rest && rest.error().error.retryable && done > before) return {};
      return rest;
    });
    if (!answer || done == size) return answer;
  }
}

}  // namespace spillway::e2b
