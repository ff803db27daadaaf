#include "small_disk.hpp"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace spillway::testing {
namespace {

void check(int status, const char* what) {
  if (status != 0) throw std::system_error(errno, std::generic_category(), what);
}

void enter_own_namespace() {
  static const bool entered = [] {
    check(::unshare(CLONE_NEWNS), "unshare");
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount --make-rprivate /");
    return true;
  }();
  static_cast<void>(entered);
}

}  // namespace

SmallDisk::SmallDisk(std::filesystem::path folder, const std::string& size) : m_folder(std::move(folder)) {
  std::filesystem::create_directories(m_folder);
  enter_own_namespace();
  check(::mount("tmpfs", m_folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()), "mount tmpfs");
}

SmallDisk::~SmallDisk() { ::umount2(m_folder.c_str(), MNT_DETACH); }

void SmallDisk::make_read_only() const {
  check(::mount(nullptr, m_folder.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), "mount -o remount,ro");
}

}  // namespace spillway::testing
