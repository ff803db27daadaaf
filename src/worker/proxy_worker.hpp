#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "protocol/messages.hpp"
#include "protocol/sink.hpp"
#include "util/cancel.hpp"

namespace spillway::worker {

class Session;

/// Executes the command stream of contracts.md: prepare opens a session (engine, frames, drivers), each exec_step
/// runs on a thread of its own, cleanup ends the session. Answers, events and metrics go to the sink. One instance
/// serves one stream; handle() is called from one thread.
class ProxyWorker {
 public:
  /// Both outlive the worker.
  ProxyWorker(protocol::Sink& sink, const drivers::DriverRegistry& drivers);
  ProxyWorker(const ProxyWorker&) = delete;
  ProxyWorker& operator=(const ProxyWorker&) = delete;
  /// Cancels what runs, waits for it and frees the frames.
  ~ProxyWorker();

  /// Handles one command. Never throws: a failure is answered. exec_step returns once the step was started.
  void handle(const protocol::Command& command);

 private:
  protocol::Sink& m_sink;
  const drivers::DriverRegistry& m_drivers;
  std::unique_ptr<Session> m_session;
};

}  // namespace spillway::worker
