#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "util/error.hpp"
#include "util/fd.hpp"

namespace spillway {

/// The whole file as bytes; fails when it is longer than `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes = UINT64_MAX);
/// Writes all of `bytes`, retrying short writes; throws on failure with `path` in the message.
void write_all(int fd, std::string_view bytes, const std::filesystem::path& path);
/// Creates the folder and its parents; throws an Error that names the folder.
void create_directories(const std::filesystem::path& path);
/// What a published file outlives: a crash of this process, or also one of the machine, which costs an fsync.
enum class Durability { process, machine };
/// Writes a file so that readers see the old content or the new, never a part: temporary file, rename.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, Durability durability);

/// Where a path of another machine is on this one, which has that machine's files below `root`. With an empty `root`
/// both are the same.
std::filesystem::path below_root(const std::filesystem::path& root, const std::filesystem::path& path);

/// The folders that are missing above a file: make() makes them, and they go again unless keep() was called. Of one
/// that somebody filled meanwhile nothing goes.
class MissingFolders {
 public:
  explicit MissingFolders(const std::filesystem::path& folder);
  MissingFolders(MissingFolders&&) = default;
  MissingFolders(const MissingFolders&) = delete;
  MissingFolders& operator=(const MissingFolders&) = delete;
  ~MissingFolders();
  /// Throws an os_error that names the folder.
  void make() const;
  void keep() { m_missing.clear(); }

 private:
  std::vector<std::filesystem::path> m_missing;  ///< the deepest first
};

/// A file that is written elsewhere under temp_path() (same folder) and appears under path() only by publish().
/// The destructor removes what was not published. Used for outputs that a library writes by name.
class AtomicFile {
 public:
  /// `tag` makes the temporary name unique, e.g. "run_1700000000000-write-csv".
  AtomicFile(std::filesystem::path path, std::string_view tag);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  const std::filesystem::path& path() const { return m_path; }
  const std::filesystem::path& temp_path() const { return m_temp_path; }
  /// The temporary path an AtomicFile of this path and tag uses: ".<name>.<tag>.tmp" beside it.
  static std::filesystem::path temp_path_for(const std::filesystem::path& path, std::string_view tag);
  /// Renames the temporary file over path(), on Durability::machine between an fsync of the file and one of the
  /// folder. Throws; the old file is kept on failure.
  void publish(Durability durability);

 private:
  std::filesystem::path m_path;
  std::filesystem::path m_temp_path;
  bool m_published = false;
};

}  // namespace spillway
