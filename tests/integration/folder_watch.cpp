#include "folder_watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace spillway::testing {
namespace {

constexpr int k_patience_ms = 60'000;

}  // namespace

FolderWatch::FolderWatch(const std::filesystem::path& folder) : m_fd(::inotify_init1(IN_CLOEXEC)) {
  if (::inotify_add_watch(m_fd.get(), folder.c_str(), IN_MODIFY) < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot watch " + folder.string());
  }
}

std::string FolderWatch::wait_for_write() {
  pollfd polled{m_fd.get(), POLLIN, 0};
  if (::poll(&polled, 1, k_patience_ms) != 1) throw std::runtime_error("nothing is written");
  alignas(inotify_event) char buffer[4096];
  if (::read(m_fd.get(), buffer, sizeof buffer) <= 0) throw std::system_error(errno, std::generic_category(), "read");
  return reinterpret_cast<const inotify_event*>(buffer)->name;
}

}  // namespace spillway::testing
