#pragma once

#include <cstdint>
#include <memory>

#include "sandbox/channel.hpp"
#include "sandbox/process_channel.hpp"

namespace spillway::sandbox {

/// A way to a worker that shares no file system with this machine, over a channel that leads there: sends it the
/// files of the run before `prepare`, and puts the files that it sends back where they belong (docs/protocol.md,
/// "Files"). An output of more than `max_file_bytes` fails its step.
std::unique_ptr<Channel> open_mirror_channel(std::unique_ptr<StreamChannel> inner, const RunPlace& place,
                                             std::uint64_t max_file_bytes);

}  // namespace spillway::sandbox
