#include "worker/serve.hpp"

#include <signal.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "drivers/registry.hpp"
#include "protocol/codec.hpp"
#include "protocol/line_reader.hpp"
#include "util/file.hpp"
#include "worker/proxy_worker.hpp"

namespace spillway::worker {
namespace {

/// Writes messages to a descriptor, a line each, whole.
class LineSink : public protocol::Sink {
 public:
  explicit LineSink(int fd) : m_fd(fd) {}

  void emit(protocol::Message message) override {
    const std::string line = protocol::to_wire(message);
    const std::scoped_lock lock(m_mutex);
    if (m_broken) return;
    try {
      write_all(m_fd, line, "standard output");
    } catch (const Exception&) {
      m_broken = true;  // the host is gone; its end of the input tells the worker to stop
    }
  }

 private:
  int m_fd;
  std::mutex m_mutex;
  bool m_broken = false;
};

/// Reads the bytes that follow the command's line; false when the input ends before they do.
bool take_bytes(protocol::Command& command, protocol::LineReader& reader) {
  auto* data = std::get_if<protocol::FilesData>(&command);
  if (data == nullptr) return true;
  std::optional<std::string> bytes = reader.take_bytes(data->size);
  if (bytes) data->bytes = std::move(*bytes);
  return bytes.has_value();
}

}  // namespace

int serve(int in_fd, int out_fd) {
  ::signal(SIGPIPE, SIG_IGN);
  LineSink sink(out_fd);
  const drivers::DriverRegistry drivers = drivers::builtin_drivers();
  ProxyWorker worker(sink, drivers);
  protocol::LineReader reader(in_fd);
  while (std::optional<Result<std::string>> line = reader.next()) {
    Result<protocol::Command> command = *line ? protocol::decode_command(**line) : Failure(line->error());
    if (command && !take_bytes(*command, reader)) break;
    if (command) {
      worker.handle(*command);
    } else {
      sink.emit(protocol::Response{"error", protocol::error_fields(command.error())});
    }
  }
  return 0;
}

}  // namespace spillway::worker
