#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct archive;  // NOLINT(readability-identifier-naming): the name is libarchive's

namespace spillway {

/// Who may use a file where it is unpacked: its owner, or everybody, as a file or also as a program.
enum class TarPermission { owner, readable, program };

/// Makes a tar stream (GNU format) of regular files and folders, piece by piece: what was added is in take().
class TarWriter {
 public:
  TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;
  ~TarWriter();

  void add_folder(const std::string& name);
  /// Its `size` bytes follow by append().
  void begin_file(const std::string& name, std::uint64_t size, TarPermission permission = TarPermission::owner);
  void append(std::string_view bytes);
  /// Ends the stream.
  void finish();
  /// The bytes that have come since the last call.
  std::string take();
  std::size_t size() const { return m_output.bytes.size(); }

 private:
  void add_header(const std::string& name, unsigned type, unsigned mode, std::uint64_t size);
  void check(int status) const;

  /// What libarchive writes to.
  struct Output {
    std::string bytes;
    bool is_dropped = false;
  };
  static std::ptrdiff_t write(archive*, void* output, const void* bytes, std::size_t size);

  Output m_output;
  std::unique_ptr<archive, int (*)(archive*)> m_archive;
};

/// Is told what is in a tar stream, in its order.
class TarVisitor {
 public:
  virtual ~TarVisitor() = default;
  virtual void folder(const std::string& name) = 0;
  virtual void begin_file(const std::string& name, std::uint64_t size) = 0;
  virtual void append(std::string_view bytes) = 0;
  virtual void end_file() = 0;
};

/// What a tar stream holds: it was announced, and neither more nor less is taken.
struct TarContent {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  ///< of all files together
};

/// Reads a tar stream from somebody who may mean harm: `next` gives its bytes piece by piece and nothing at its end.
/// Throws ErrorCode::protocol for what is no regular file or folder, for a name that is absolute or has an empty
/// part,
/// `.` or `..`, for a name that came before, for other content than was announced, for a stream that is cut or goes
/// on after its end.
void read_tar(const std::function<std::string_view()>& next, const TarContent& announced, TarVisitor& visitor);

}  // namespace spillway
