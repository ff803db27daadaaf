#include "run/stdout_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include <fmt/format.h>

#include "util/fd.hpp"

namespace spillway::run {
namespace {

constexpr std::size_t k_chunk_bytes = std::size_t{256} * 1024;

/// Calls again what a signal interrupted.
template <typename Call>
ssize_t retried(Call call) {
  ssize_t count = 0;
  do {
    count = call();
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Result<bool> write_to_reader(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = retried([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (count < 0 && errno == EPIPE) return false;
    if (count < 0) return Failure(os_error(errno, "cannot write to standard output"));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

Result<void> copy_to_reader(int fd, const std::filesystem::path& folder, const std::filesystem::path& file) {
  const std::string what = fmt::format("cannot read '{}'", (folder / file).string());
  Fd source(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const std::filesystem::path& name : file) {
    if (source) source = Fd(::openat(source.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  }
  if (!source) return Failure(os_error(errno, what));
  std::vector<char> buffer(k_chunk_bytes);
  for (;;) {
    const ssize_t count = retried([&] { return ::read(source.get(), buffer.data(), buffer.size()); });
    if (count < 0) return Failure(os_error(errno, what));
    if (count == 0) return {};
    const Result<bool> written = write_to_reader(fd, {buffer.data(), static_cast<std::size_t>(count)});
    if (!written) return Failure(written.error());
    if (!*written) return {};
  }
}

}  // namespace spillway::run
