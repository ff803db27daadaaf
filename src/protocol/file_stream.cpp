#include "protocol/file_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::protocol {
namespace {

/// Large enough that lines and system calls cost nothing beside the bytes.
constexpr std::size_t k_piece_bytes = std::size_t{256} * 1024;

}  // namespace

FileStream::FileStream(std::vector<SentEntry> entries)
    : m_entries(std::move(entries)), m_buffer(k_piece_bytes, '\0') {}

FilesStart FileStream::start() const {
  FilesStart start{{}, m_entries.size(), 0, Json::object()};
  for (const SentEntry& entry : m_entries) start.bytes += entry.size;
  return start;
}

std::optional<std::variant<FilesData, FilesEnd>> FileStream::next() {
  while (!m_is_finished && m_tar.size() < k_piece_bytes) advance();
  if (m_tar.size() != 0) {
    FilesData data{0, m_tar.take()};
    m_hash.append(data.bytes);
    return data;
  }
  if (std::exchange(m_is_over, true)) return std::nullopt;
  return FilesEnd{m_hash.hex()};
}

void FileStream::advance() {
  if (m_left != 0) return read_file();
  if (m_next == m_entries.size()) {
    m_tar.finish();
    m_is_finished = true;
    return;
  }
  const SentEntry& entry = m_entries[m_next++];
  if (entry.is_folder) {
    m_tar.add_folder(entry.name);
  } else {
    open_file(entry);
  }
}

void FileStream::open_file(const SentEntry& entry) {
  m_tar.begin_file(entry.name, entry.size);
  m_left = entry.size;
  if (m_left == 0) return;
  m_file = Fd(::open(entry.source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!m_file) fail(os_error(errno, fmt::format("cannot read '{}'", entry.source.string())));
}

void FileStream::read_file() {
  const SentEntry& entry = m_entries[m_next - 1];
  const std::size_t wanted = std::min<std::uint64_t>(m_buffer.size(), m_left);
  ssize_t count = 0;
  do {
    count = ::read(m_file.get(), m_buffer.data(), wanted);
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail(os_error(errno, fmt::format("cannot read '{}'", entry.source.string())));
  if (count == 0) {
    fail(ErrorCode::io, fmt::format("cannot send '{}': it became shorter while it was read", entry.source.string()),
         "run again when nothing writes to it");
  }
  m_tar.append({m_buffer.data(), static_cast<std::size_t>(count)});
  m_bytes_read += static_cast<std::uint64_t>(count);
  m_left -= static_cast<std::uint64_t>(count);
  if (m_left == 0) m_file.reset();
}

}  // namespace spillway::protocol
