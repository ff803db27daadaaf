#include "support/process_tree.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "util/file.hpp"

namespace spillway::testing {
namespace fs = std::filesystem;
namespace {

std::map<pid_t, std::vector<pid_t>> children_by_parent() {
  std::map<pid_t, std::vector<pid_t>> children;
  for (const pid_t pid : all_processes()) {
    const std::string text = proc_file(pid, "stat");
    const std::size_t end = text.rfind(')');
    if (end == std::string::npos) continue;
    std::istringstream fields(text.substr(end + 1));
    char state = 0;
    pid_t parent = 0;
    fields >> state >> parent;
    if (state != 'Z') children[parent].push_back(pid);
  }
  return children;
}

}  // namespace

std::vector<pid_t> all_processes() {
  std::vector<pid_t> processes;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) processes.push_back(std::stoi(name));
  }
  return processes;
}

std::vector<pid_t> descendants(pid_t pid) {
  const auto children = children_by_parent();
  std::vector<pid_t> found{pid};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (const auto below = children.find(found[i]); below != children.end()) {
      found.insert(found.end(), below->second.begin(), below->second.end());
    }
  }
  found.erase(found.begin());
  return found;
}

std::string proc_file(pid_t pid, const char* name) {
  // Reading fails, too, when the process ends in between.
  return read_file(fs::path("/proc") / std::to_string(pid) / name).value_or("");
}

Fd open_process(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

bool ends_within(const Fd& process, std::chrono::milliseconds timeout) {
  pollfd polled{process.get(), POLLIN, 0};
  return ::poll(&polled, 1, static_cast<int>(timeout.count())) == 1;
}

}  // namespace spillway::testing
