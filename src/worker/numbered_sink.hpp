#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string_view>

#include "protocol/numbered_lines.hpp"
#include "protocol/sink.hpp"
#include "util/disposable_folder.hpp"
#include "util/fd.hpp"

namespace spillway::worker {

/// Writes numbered lines to a descriptor, and keeps those that the host has not acknowledged, to write them again
/// when it asks (docs/protocol.md, "A way that may be cut"). A stream of files goes into a file, whose place is
/// told, or into one line when it is small. Thread-safe.
class NumberedSink : public protocol::Sink {
 public:
  /// To be made while the process has one thread.
  explicit NumberedSink(int fd) : m_fd(fd) {}

  /// Waits while more than 16 MiB are not acknowledged, unless nobody takes acknowledgements meanwhile. Throws when a
  /// piece of a stream of files cannot be kept.
  void emit(protocol::Message message) override;

  /// The host has taken the lines up to this one, with the files that they tell of.
  void acknowledge(std::uint64_t seq);
  /// Writes every line after this one again. Throws ErrorCode::protocol when it was acknowledged that one is there.
  void resume(std::uint64_t after);

  /// While a command is handled acknowledgements wait, so that no line must wait for one.
  class Handling {
   public:
    explicit Handling(NumberedSink& sink) : m_sink(sink) { m_sink.set_listening(false); }
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;
    ~Handling() { m_sink.set_listening(true); }

   private:
    NumberedSink& m_sink;
  };

 private:
  void set_listening(bool listens);
  void send(const protocol::Message& message);
  void write(std::string_view line);
  void keep(std::string bytes);
  void forget_kept();
  void tell_kept();

  int m_fd;
  DisposableFolder m_folder;
  std::mutex m_mutex;  ///< guards all below but m_file and what belongs to it
  std::condition_variable m_acknowledged;
  protocol::SentLines m_lines;
  std::map<std::uint64_t, std::filesystem::path> m_told;  ///< files, by the line that tells of them
  bool m_listens = true;
  bool m_broken = false;

  // Of the stream of files that is being sent: there is one at a time.
  std::string m_small;  ///< all that came, as long as it fits a line
  Fd m_file;
  std::filesystem::path m_path;
  std::uint64_t m_bytes = 0;
  std::uint64_t m_files = 0;  ///< made so far
};

}  // namespace spillway::worker
