#include "worker/serve.hpp"

#include <signal.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "drivers/registry.hpp"
#include "protocol/codec.hpp"
#include "protocol/line_reader.hpp"
#include "protocol/numbered_lines.hpp"
#include "util/file.hpp"
#include "worker/numbered_sink.hpp"
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

void refuse(const Error& error, protocol::Sink& sink) {
  sink.emit(protocol::Response{"error", protocol::error_fields(error)});
}

/// What is to be done for numbered lines before and beside what their commands say.
class Counter {
 public:
  Counter(NumberedSink& sink, ProxyWorker& worker) : m_sink(sink), m_worker(worker) {}

  void take(const std::string& line) {
    const std::optional<protocol::LineNumbers> numbers = protocol::line_numbers(line);
    if (!numbers) return;  // a half; the whole comes again
    m_sink.acknowledge(numbers->ack);
    const NumberedSink::Handling handling(m_sink);
    if (numbers->seq == 0) return refuse("a numbered worker takes no command without the number 'seq'");
    if (numbers->seq <= m_last) return;  // it came twice
    if (numbers->seq != m_last + 1) {
      return refuse(fmt::format("command {} came where {} was to come", numbers->seq, m_last + 1));
    }
    ++m_last;
    try {
      if (numbers->resume_after) return m_sink.resume(*numbers->resume_after);
      m_worker.handle(command_of(line));
    } catch (...) {
      worker::refuse(current_error(), m_sink);
    }
  }

 private:
  void refuse(std::string why) { worker::refuse(make_error(ErrorCode::protocol, std::move(why)), m_sink); }

  static protocol::Command command_of(const std::string& line) {
    protocol::Command command = value_or_throw(protocol::decode_command(line));
    if (!std::holds_alternative<protocol::FilesData>(command)) return command;
    fail(ErrorCode::protocol, "a numbered worker takes files by files_at, not by files_data");
  }

  NumberedSink& m_sink;
  ProxyWorker& m_worker;
  std::uint64_t m_last = 0;  ///< number of the last command
};

int serve_numbered(int in_fd, int out_fd) {
  NumberedSink sink(out_fd);
  const drivers::DriverRegistry drivers = drivers::builtin_drivers();
  // What still runs when the input has ended must not wait for a host that is gone.
  std::optional<NumberedSink::Handling> ended;
  ProxyWorker worker(sink, drivers);
  Counter counter(sink, worker);
  protocol::LineReader reader(in_fd);
  while (const std::optional<Result<std::string>> line = reader.next()) {
    if (*line) {
      counter.take(**line);
    } else {
      refuse(line->error(), sink);
    }
  }
  ended.emplace(sink);
  return 0;
}

}  // namespace

int serve(int in_fd, int out_fd, Lines lines) {
  ::signal(SIGPIPE, SIG_IGN);
  if (lines == Lines::numbered) return serve_numbered(in_fd, out_fd);
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
      refuse(command.error(), sink);
    }
  }
  return 0;
}

}  // namespace spillway::worker
