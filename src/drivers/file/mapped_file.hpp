#pragma once

#include <filesystem>
#include <string_view>

namespace spillway::drivers::file {

/// A file's bytes, read from the disk as they are looked at. Empty when the file cannot be read.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return {static_cast<const char*>(m_address), m_size}; }

 private:
  void* m_address = nullptr;
  std::size_t m_size = 0;
};

}  // namespace spillway::drivers::file
