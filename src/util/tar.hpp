#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace spillway {

/// Who may use a file where it is unpacked: its owner, or everybody, as a file or also as a program.
enum class TarPermission { owner, readable, program };

/// Makes a tar stream (GNU format) of regular files and folders, piece by piece: what was added is in take(). The
/// same calls make the same bytes.
class TarWriter {
 public:
  void add_folder(const std::string& name);
  /// Its `size` bytes follow by append(); what is missing of them when the next one begins is zeros.
  void begin_file(const std::string& name, std::uint64_t size, TarPermission permission = TarPermission::owner);
  void append(std::string_view bytes);
  /// Ends the stream.
  void finish();
  /// The bytes that have come since the last call.
  std::string take() { return std::exchange(m_bytes, {}); }
  std::size_t size() const { return m_bytes.size(); }

 private:
  void add_header(const std::string& name, char type, unsigned mode, std::uint64_t size);
  void end_file();

  std::string m_bytes;
  std::uint64_t m_missing = 0;  ///< of the file that was begun
  std::uint64_t m_padding = 0;  ///< after it, to a whole block
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

/// Reads what TarWriter or GNU tar has written, from somebody who may mean harm, as its pieces come. Throws what the
/// visitor throws, and ErrorCode::protocol for what is no regular file or folder, a name that is absolute, has an
/// empty part, "." or "..", or came before, other content than was announced, and a stream that goes on after its
/// end. After that it is of no more use.
class TarReader {
 public:
  /// `visitor` outlives the reader.
  TarReader(const TarContent& announced, TarVisitor& visitor);
  void append(std::string_view bytes);
  /// Throws when the end has not come.
  void finish() const;

 private:
  void take_header(const std::string& header);
  void take_end_block();
  void begin_name(std::optional<std::uint64_t> size);
  void begin_file(const std::string& name, std::uint64_t size);
  void begin_content(std::uint64_t size, bool is_name);
  void end_content();

  TarContent m_announced;
  TarVisitor& m_visitor;
  std::string m_header;         ///< what has come of a block
  std::uint64_t m_left = 0;     ///< of the content that comes
  std::uint64_t m_padding = 0;  ///< after it
  bool m_is_in_name = false;    ///< the content is the name of the next entry
  std::string m_long_name;
  int m_end_blocks = 0;
  std::set<std::string> m_names;
  std::uint64_t m_bytes = 0;  ///< of files
};

}  // namespace spillway
