#pragma once

#include <filesystem>

#include "run/run_lock.hpp"
#include "util/clock.hpp"

namespace spillway::run {

/// A run directory that is this process's own.
struct NewRunDir {
  std::filesystem::path path;
  RunLock lock;
};

/// Creates `logs_dir`/run_<epoch milliseconds>/, with the next free millisecond when two runs start in one, or when
/// the clock was set back to the time of another run. Throws an Error that names the folder when it cannot be
/// created.
NewRunDir create_run_dir(const std::filesystem::path& logs_dir, WallTime now);
/// Makes `logs_dir`/latest point to `run_dir`; readers see the old target or the new. False when it cannot be done.
bool point_latest_to(const std::filesystem::path& run_dir);

}  // namespace spillway::run
