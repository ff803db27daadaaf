#pragma once

#include <cstdint>
#include <memory>

#include "sandbox/channel.hpp"
#include "sandbox/process_channel.hpp"

namespace spillway::sandbox {

/// What comes back, and when things are sent.
struct MirrorOptions {
  std::uint64_t max_file_bytes = UINT64_MAX;      ///< an output of more fails its step
  std::uint64_t max_artifact_bytes = UINT64_MAX;  ///< an artifact of more stays where the worker is
  bool wants_frames = true;                       ///< whether the Parquet files of spilled frames come back
  /// Nothing waits for the worker's answers: where each takes long, and the worker is this program for certain.
  bool is_ahead = false;
};

/// A way to a worker that shares no file system with this machine, over a channel that leads there: sends it the
/// files of the run before `prepare`, and puts the files that it sends back where they belong (docs/protocol.md,
/// "Files").
std::unique_ptr<Channel> open_mirror_channel(std::unique_ptr<StreamChannel> inner, const RunPlace& place,
                                             const MirrorOptions& options);

}  // namespace spillway::sandbox
