#include "worker/numbered_sink.hpp"

#include <fcntl.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "protocol/codec.hpp"
#include "util/file.hpp"

namespace spillway::worker {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_max_unacknowledged_bytes = std::size_t{16} * 1024 * 1024;

}  // namespace

void NumberedSink::emit(protocol::Message message) {
  if (auto* data = std::get_if<protocol::FilesData>(&message)) return keep(std::move(data->bytes));
  if (const auto* end = std::get_if<protocol::FilesEnd>(&message)) {
    if (end->sha256.empty()) forget_kept();
    tell_kept();
  }
  send(message);
}

void NumberedSink::send(const protocol::Message& message) {
  const std::string encoded = protocol::encode(message);
  std::unique_lock lock(m_mutex);
  m_acknowledged.wait(lock, [this] { return m_lines.bytes() < k_max_unacknowledged_bytes || !m_listens; });
  const std::string& line = m_lines.add(encoded);
  if (const auto* at = std::get_if<protocol::FilesAt>(&message)) m_told[m_lines.last()] = at->path;
  write(line);
}

void NumberedSink::write(std::string_view line) {
  if (m_broken) return;
  try {
    write_all(m_fd, line, "standard output");
  } catch (const Exception&) {
    m_broken = true;  // the host is gone; its end of the input tells the worker to stop
  }
}

void NumberedSink::keep(std::string bytes) {
  if (!m_file && m_small.size() + bytes.size() <= protocol::k_max_inline_bytes) {
    m_small += bytes;
    return;
  }
  if (!m_file) {
    m_path = m_folder.path() / fmt::format("files-{}", ++m_files);
    m_file = Fd(::open(m_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!m_file) fail(os_error(errno, fmt::format("cannot write '{}'", m_path.string())));
    bytes.insert(0, std::exchange(m_small, {}));
    m_bytes = 0;
  }
  write_all(m_file.get(), bytes, m_path);
  m_bytes += bytes.size();
}

void NumberedSink::forget_kept() {
  m_small.clear();
  if (!m_file) return;
  m_file.reset();
  std::error_code ignored;
  fs::remove(m_path, ignored);
}

void NumberedSink::tell_kept() {
  if (!m_small.empty()) send(protocol::FilesInline{std::exchange(m_small, {})});
  if (!m_file) return;
  m_file.reset();
  send(protocol::FilesAt{m_path.string(), m_bytes});
}

void NumberedSink::acknowledge(std::uint64_t seq) {
  const std::scoped_lock lock(m_mutex);
  m_lines.acknowledge(seq);
  while (!m_told.empty() && m_told.begin()->first <= m_lines.acknowledged()) {
    std::error_code ignored;
    fs::remove(m_told.begin()->second, ignored);
    m_told.erase(m_told.begin());
  }
  m_acknowledged.notify_all();
}

void NumberedSink::resume(std::uint64_t after) {
  const std::scoped_lock lock(m_mutex);
  if (after < m_lines.acknowledged() || after > m_lines.last()) {
    fail(ErrorCode::protocol, fmt::format("cannot resume after line {}: there are the lines from {} to {}", after,
                                          m_lines.acknowledged() + 1, m_lines.last()));
  }
  write("\n");
  for (std::uint64_t seq = after + 1; seq <= m_lines.last(); ++seq) write(m_lines.at(seq));
}

void NumberedSink::set_listening(bool listens) {
  const std::scoped_lock lock(m_mutex);
  m_listens = listens;
  m_acknowledged.notify_all();
}

}  // namespace spillway::worker
