#pragma once

#include <filesystem>
#include <string>

#include "protocol/sink.hpp"

namespace spillway::worker {

/// Names the host's paths in whatever a worker says: `root`, below which it has the host's files, is taken out of
/// every text. Thread-safe as the sink behind it is.
class HostPathsSink : public protocol::Sink {
 public:
  /// `sink` outlives this one.
  HostPathsSink(protocol::Sink& sink, const std::filesystem::path& root) : m_sink(sink), m_root(root.string()) {}

  void emit(protocol::Message message) override;

 private:
  protocol::Sink& m_sink;
  std::string m_root;
};

}  // namespace spillway::worker
