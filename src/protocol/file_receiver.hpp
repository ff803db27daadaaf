#pragma once

#include <string_view>

#include "protocol/messages.hpp"
#include "util/sha256.hpp"
#include "util/tar.hpp"

namespace spillway::protocol {

/// Takes in one stream of files (docs/protocol.md, "Files") as its pieces come.
class FileReceiver {
 public:
  /// `visitor` outlives the receiver. Throws ErrorCode::protocol when too much is announced.
  FileReceiver(const FilesStart& start, TarVisitor& visitor);

  /// Throws what is wrong with the stream (TarReader), and what the visitor throws.
  void append(std::string_view bytes);
  /// Throws unless the stream is complete and the hash that of what came.
  void finish(const FilesEnd& end);

 private:
  TarReader m_reader;
  Sha256 m_hash;
};

}  // namespace spillway::protocol
