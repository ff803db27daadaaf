#include "run/run_dir.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway::run {
namespace fs = std::filesystem;

NewRunDir create_run_dir(const fs::path& logs_dir, WallTime now) {
  constexpr auto k_hint = "start the run in a folder you may write to, or choose one with -C DIR";
  std::error_code status;
  fs::create_directories(logs_dir, status);
  if (status) {
    fail(os_error(status.value(), fmt::format("cannot create the run directory in '{}'", logs_dir.string()), k_hint));
  }
  for (std::int64_t ms = epoch_milliseconds(now);; ++ms) {
    fs::path path = logs_dir / fmt::format("run_{}", ms);
    if (::mkdir(path.c_str(), 0755) == 0) {
      if (auto lock = RunLock::claim(path)) return {std::move(path), std::move(*lock)};
    } else if (errno != EEXIST) {
      fail(os_error(errno, fmt::format("cannot create the run directory '{}'", path.string()), k_hint));
    }
  }
}

bool point_latest_to(const fs::path& run_dir) {
  const AtomicFile link(run_dir.parent_path() / "latest", run_dir.filename().string());
  std::error_code status;
  fs::create_symlink(run_dir.filename(), link.temp_path(), status);
  if (!status) fs::rename(link.temp_path(), link.path(), status);
  return !status;
}

}  // namespace spillway::run
