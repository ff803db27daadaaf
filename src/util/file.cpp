#include "util/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace spillway {
namespace fs = std::filesystem;
namespace {

Fd open_or_throw(const fs::path& path, int flags, std::string_view what) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!fd) fail(os_error(errno, fmt::format("{} '{}'", what, path.string())));
  return fd;
}

void sync_folder_of(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  // Some file systems refuse fsync on a folder; the rename itself is done by then.
  if (const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); fd) ::fsync(fd.get());
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::uint64_t max_bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Failure(os_error(errno, fmt::format("cannot read '{}'", path.string())));
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count == 0) return bytes;
    if (count < 0) {
      if (errno == EINTR) continue;
      return Failure(os_error(errno, fmt::format("cannot read '{}'", path.string())));
    }
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > max_bytes) {
      return Failure(make_error(ErrorCode::bad_data,
                                fmt::format("cannot read '{}': longer than {} bytes", path.string(), max_bytes)));
    }
  }
}

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      fail(os_error(errno, fmt::format("cannot write '{}'", path.string())));
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void create_directories(const fs::path& path) {
  std::error_code status;
  fs::create_directories(path, status);
  if (status) fail(os_error(status.value(), fmt::format("cannot create folder '{}'", path.string())));
}

void write_file_atomically(const fs::path& path, std::string_view bytes, Durability durability) {
  AtomicFile file(path, "write");
  {
    const Fd fd = open_or_throw(file.temp_path(), O_WRONLY | O_CREAT | O_TRUNC, "cannot write");
    write_all(fd.get(), bytes, file.temp_path());
  }
  file.publish(durability);
}

fs::path below_root(const fs::path& root, const fs::path& path) {
  return root.empty() ? path : root / path.relative_path();
}

MissingFolders::MissingFolders(const fs::path& folder) {
  std::error_code ignored;
  for (fs::path above = folder; !above.empty() && !fs::exists(above, ignored); above = above.parent_path()) {
    m_missing.push_back(above);
  }
}

MissingFolders::~MissingFolders() {
  std::error_code ignored;
  for (const fs::path& folder : m_missing) fs::remove(folder, ignored);
}

void MissingFolders::make() const {
  if (!m_missing.empty()) spillway::create_directories(m_missing.front());
}

AtomicFile::AtomicFile(fs::path path, std::string_view tag)
    : m_path(std::move(path)), m_temp_path(temp_path_for(m_path, tag)) {}

AtomicFile::~AtomicFile() {
  if (!m_published) ::unlink(m_temp_path.c_str());
}

fs::path AtomicFile::temp_path_for(const fs::path& path, std::string_view tag) {
  return path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(), tag);
}

void AtomicFile::publish(Durability durability) {
  const std::string what = fmt::format("cannot publish '{}'", m_path.string());
  if (durability == Durability::machine) {
    const Fd fd = open_or_throw(m_temp_path, O_RDONLY, "cannot publish");
    if (::fsync(fd.get()) != 0) fail(os_error(errno, what));
  }
  if (::rename(m_temp_path.c_str(), m_path.c_str()) != 0) fail(os_error(errno, what));
  m_published = true;
  if (durability == Durability::machine) sync_folder_of(m_path);
}

}  // namespace spillway
