#pragma once

#include <vector>

#include "protocol/file_stream.hpp"
#include "sandbox/channel.hpp"

namespace spillway::sandbox {

/// What a worker that shares no file system with this machine is sent (docs/protocol.md, "Files").
struct OutgoingFiles {
  std::vector<protocol::SentEntry> entries;
  /// By step: the error, in the fields of `complete`, of an input that cannot be read here.
  protocol::Json unreadable = protocol::Json::object();
};

/// The step configs, the base folder, the inputs that steps name, and what is in the way of their outputs.
OutgoingFiles outgoing_files(const RunPlace& place);

/// A path of this machine as its name in a stream of files.
std::string sent_name(const std::filesystem::path& path);

}  // namespace spillway::sandbox
