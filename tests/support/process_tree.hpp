#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "util/fd.hpp"

namespace spillway::testing {

/// The processes of this machine, as /proc shows them.
std::vector<pid_t> all_processes();
/// Everything below a process that has not ended, the nearest first.
std::vector<pid_t> descendants(pid_t pid);
/// A file of /proc/<pid>/, such as cmdline; empty when the process is gone.
std::string proc_file(pid_t pid, const char* name);

/// Refers to a process, also when it has ended.
Fd open_process(pid_t pid);
/// Whether it ends in time.
bool ends_within(const Fd& process, std::chrono::milliseconds timeout);

}  // namespace spillway::testing
