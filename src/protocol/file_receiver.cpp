#include "protocol/file_receiver.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::protocol {
namespace {

constexpr std::uint64_t k_max_entries = 1'000'000;
constexpr std::size_t k_receive_bytes = 65536;

}  // namespace

FileReceiver::FileReceiver(const FilesStart& start, TarVisitor& visitor)
    : m_announced{start.entries, start.bytes}, m_visitor(visitor) {
  if (start.entries > k_max_entries) {
    fail(ErrorCode::protocol,
         fmt::format("refused the files that came: {} entries, the limit is {}", start.entries, k_max_entries));
  }
  // A socket rather than a pipe: writing to one that nobody reads is an error, and no signal, by a flag.
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail(os_error(errno, "cannot make a pair of sockets"));
  }
  m_in = Fd(ends[0]);
  m_out = Fd(ends[1]);
  m_thread = std::thread([this] { read(); });
}

FileReceiver::~FileReceiver() {
  m_in.reset();
  if (m_thread.joinable()) m_thread.join();
}

void FileReceiver::append(std::string_view bytes) {
  m_hash.append(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::send(m_in.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      join();
      fail(ErrorCode::protocol, "refused the files that came: they go on after their end");
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void FileReceiver::finish(const FilesEnd& end) {
  m_in.reset();
  join();
  const std::string hash = m_hash.hex();
  if (hash != end.sha256) {
    fail(ErrorCode::protocol,
         fmt::format("refused the files that came: their SHA-256 is {}, not {} as their sender says", hash,
                     end.sha256));
  }
}

void FileReceiver::join() {
  if (m_thread.joinable()) m_thread.join();
  if (m_failure) std::rethrow_exception(std::exchange(m_failure, nullptr));
}

void FileReceiver::read() {
  std::array<char, k_receive_bytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is filled first
  const auto next = [&]() -> std::string_view {
    ssize_t count = 0;
    do {
      count = ::read(m_out.get(), buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    return {buffer.data(), count < 0 ? 0 : static_cast<std::size_t>(count)};
  };
  try {
    read_tar(next, m_announced, m_visitor);
  } catch (...) {
    m_failure = std::current_exception();
  }
  m_out.reset();
}

}  // namespace spillway::protocol
