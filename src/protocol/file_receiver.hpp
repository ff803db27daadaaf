#pragma once

#include <exception>
#include <string_view>
#include <thread>

#include "protocol/messages.hpp"
#include "util/fd.hpp"
#include "util/sha256.hpp"
#include "util/tar.hpp"

namespace spillway::protocol {

/// Takes in one stream of files (docs/protocol.md, "Files") as its pieces come. The visitor is called from a thread
/// of this object's own; what is on its way to it is bounded by a pipe. What is wrong with the stream, and what the
/// visitor throws, is thrown by append() or finish(), as soon as it is known.
class FileReceiver {
 public:
  /// `visitor` outlives the receiver. Throws ErrorCode::protocol when too much is announced.
  FileReceiver(const FilesStart& start, TarVisitor& visitor);
  FileReceiver(const FileReceiver&) = delete;
  FileReceiver& operator=(const FileReceiver&) = delete;
  ~FileReceiver();

  /// Blocks as long as the visitor is slow.
  void append(std::string_view bytes);
  /// Returns once the visitor has seen everything; throws unless the hash is that of what came.
  void finish(const FilesEnd& end);

 private:
  void read();
  void join();

  TarContent m_announced;
  TarVisitor& m_visitor;
  Sha256 m_hash;
  Fd m_in;
  Fd m_out;
  std::exception_ptr m_failure;  ///< of the thread; to be looked at after join()
  std::thread m_thread;
};

}  // namespace spillway::protocol
