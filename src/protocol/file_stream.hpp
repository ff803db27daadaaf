#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/messages.hpp"
#include "util/fd.hpp"
#include "util/sha256.hpp"
#include "util/tar.hpp"

namespace spillway::protocol {

/// What is to be sent: a folder, or the file of `size` bytes that is at `source` here.
struct SentEntry {
  std::string name;  ///< as in the tar stream
  bool is_folder = false;
  std::filesystem::path source = {};
  std::uint64_t size = 0;
};

/// Makes the commands or messages of one stream of files (docs/protocol.md, "Files"), each when it is asked for, from
/// memory that does not grow with the files. Used by one thread.
class FileStream {
 public:
  explicit FileStream(std::vector<SentEntry> entries);

  /// Of the whole stream; without what only its sender knows.
  FilesStart start() const;
  /// The next piece, and the end after the last one; nothing after the end. Throws when a file cannot be read, or is
  /// shorter than its entry says.
  std::optional<std::variant<FilesData, FilesEnd>> next();

  std::uint64_t bytes_read() const { return m_bytes_read; }

 private:
  void advance();
  void open_file(const SentEntry& entry);
  void read_file();

  std::vector<SentEntry> m_entries;
  std::size_t m_next = 0;  ///< entry
  Fd m_file;               ///< of the entry before it, while there is something left
  std::uint64_t m_left = 0;
  std::uint64_t m_bytes_read = 0;
  std::string m_buffer;
  TarWriter m_tar;
  Sha256 m_hash;
  bool m_is_finished = false;
  bool m_is_over = false;
};

}  // namespace spillway::protocol
