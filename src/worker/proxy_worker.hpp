#pragma once

#include <memory>
#include <thread>

#include "drivers/driver.hpp"
#include "pipeline/component.hpp"
#include "protocol/messages.hpp"
#include "protocol/sink.hpp"

namespace spillway::worker {

class HostPathsSink;
class Mirror;
class Session;

/// Executes the command stream of contracts.md: prepare opens a session (engine, frames, drivers), each exec_step
/// runs on a thread of its own, cleanup ends the session. Answers, events and metrics go to the sink. One instance
/// serves one stream; handle() is called from one thread.
class ProxyWorker {
 public:
  /// `sink` and `drivers` outlive the worker.
  ProxyWorker(protocol::Sink& sink, const drivers::DriverRegistry& drivers);
  ProxyWorker(const ProxyWorker&) = delete;
  ProxyWorker& operator=(const ProxyWorker&) = delete;
  /// Cancels what runs, waits for it and frees the frames.
  ~ProxyWorker();

  /// Handles one command. Never throws: a failure is answered. exec_step returns once the step was started.
  void handle(const protocol::Command& command);

 private:
  void answer(const protocol::PingCommand& command);
  void answer(const protocol::PrepareCommand& command);
  void answer(const protocol::ExecStepCommand& command);
  void answer(const protocol::CancelCommand& command);
  void answer(const protocol::CleanupCommand& command);
  static void answer(const protocol::ResumeCommand& command);
  void answer(const protocol::FilesStart& start);
  void answer(const protocol::FilesData& data);
  void answer(const protocol::FilesAt& at);
  void answer(const protocol::FilesInline& piece);
  void answer(const protocol::FilesEnd& end);
  void clean_up();
  void end_session();
  protocol::Sink& sink();

  protocol::Sink& m_sink;
  const drivers::DriverRegistry& m_drivers;
  pipeline::ComponentCatalog m_catalog = pipeline::ComponentCatalog::built_in();
  std::unique_ptr<Mirror> m_mirror;  ///< when the host's files were sent
  std::unique_ptr<HostPathsSink> m_host_paths;
  std::unique_ptr<Session> m_session;
  std::thread m_cleaner;  ///< ends the session that it was told to end ahead
};

}  // namespace spillway::worker
