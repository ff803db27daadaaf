#include "drivers/file/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/fd.hpp"

namespace spillway::drivers::file {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || status.st_size == 0) return;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) return;
  ::madvise(address, size, MADV_SEQUENTIAL);
  m_address = address;
  m_size = size;
}

MappedFile::~MappedFile() {
  if (m_address != nullptr) ::munmap(m_address, m_size);
}

}  // namespace spillway::drivers::file
