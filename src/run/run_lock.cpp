#include "run/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/error.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::run {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t k_max_lock_bytes = 4096;

Fd open_lock_file(const fs::path& path) { return Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)); }

bool has_status(const fs::path& run_dir) { return ::access((run_dir / "status.json").c_str(), F_OK) == 0; }

std::string text_in(const char* file) { return std::string(trim(read_file(file, k_max_lock_bytes).value_or(""))); }

/// This start of the kernel, containers included: among its processes the lock alone decides.
std::string boot_id() { return text_in("/proc/sys/kernel/random/boot_id"); }

/// This machine, over its restarts.
std::string machine_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  ::gethostname(name.data(), HOST_NAME_MAX);
  return fmt::format("{}/{}", name.data(), text_in("/etc/machine-id"));
}

/// Whether the lock says something about the run's host: not every file system shares locks between machines.
bool is_of_this_machine(const fs::path& lock_file) {
  const std::string text = read_file(lock_file, k_max_lock_bytes).value_or("");
  const nlohmann::json owner = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  // Killed before it could sign.
  if (!owner.is_object()) return true;
  const auto is = [&owner](const char* field, const std::string& value) {
    return owner.value(field, nlohmann::json()) == value;
  };
  return is("boot_id", boot_id()) || is("machine", machine_name());
}

}  // namespace

std::optional<RunLock> RunLock::claim(const fs::path& run_dir) {
  fs::path path = run_dir / k_lock_file;
  Fd fd = open_lock_file(path);
  if (!fd) fail(os_error(errno, fmt::format("cannot create '{}'", path.string())));
  // A file system without locks has nobody who could take this one.
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return std::nullopt;
  if (has_status(run_dir)) return std::nullopt;
  const std::string owner =
      nlohmann::json{{"pid", ::getpid()}, {"boot_id", boot_id()}, {"machine", machine_name()}}.dump();
  std::ignore = ::write(fd.get(), owner.data(), owner.size());
  return RunLock(std::move(path), std::move(fd));
}

std::optional<RunLock> RunLock::seize(const fs::path& run_dir) {
  fs::path path = run_dir / k_lock_file;
  Fd fd = open_lock_file(path);
  // Where there are no locks, and in a folder of somebody else's, nobody can say that a run is dead.
  if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 || !is_of_this_machine(path)) return std::nullopt;
  RunLock lock(std::move(path), std::move(fd));
  if (!has_status(run_dir)) return lock;
  lock.remove();
  return std::nullopt;
}

void RunLock::remove() const { ::unlink(m_path.c_str()); }

}  // namespace spillway::run
