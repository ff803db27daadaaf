#include "util/memory_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway {

Fd memory_file(const char* name, std::string_view bytes) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) fail(os_error(errno, "cannot make a file in memory"));
  write_all(fd.get(), bytes, name);
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace spillway
