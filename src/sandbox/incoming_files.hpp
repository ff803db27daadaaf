#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "protocol/file_receiver.hpp"
#include "protocol/messages.hpp"
#include "sandbox/channel.hpp"
#include "util/error.hpp"

namespace spillway::sandbox {

/// The files that a worker sends back (docs/protocol.md, "Files"): artifacts into the run directory, outputs to where
/// their steps name them, and nothing else anywhere. An output takes its place only by publish(); what was not
/// published leaves no trace. Used by one thread.
class IncomingFiles {
 public:
  /// A file of more than `max_file_bytes` fails its step.
  IncomingFiles(const RunPlace& place, std::uint64_t max_file_bytes);
  IncomingFiles(const IncomingFiles&) = delete;
  IncomingFiles& operator=(const IncomingFiles&) = delete;
  ~IncomingFiles();

  /// One stream at a time. What a worker may not send throws ErrorCode::protocol; what this machine cannot write is
  /// kept for publish(), and thrown by end() for files of no one step.
  void start(const protocol::FilesStart& start);
  void append(std::string_view bytes);
  void end(const protocol::FilesEnd& end);

  /// A step succeeded: its outputs take their places. Throws when they cannot, or when one is missing.
  void publish(const std::string& step_id);
  /// A step did not: what came of its outputs goes.
  void discard(const std::string& step_id);

 private:
  struct Output;
  class Stream;
  struct Step {
    std::vector<std::filesystem::path> named;  ///< outputs
    std::vector<std::unique_ptr<Output>> staged;
    std::optional<Error> failure;
  };

  std::filesystem::path m_artifacts;
  std::filesystem::path m_base_dir;
  std::string m_session_id;
  std::uint64_t m_max_file_bytes;
  std::map<std::string, Step> m_steps;
  std::unique_ptr<Stream> m_stream;  ///< while one comes
};

}  // namespace spillway::sandbox
