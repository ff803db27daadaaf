#include "worker/proxy_worker.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "protocol/codec.hpp"
#include "util/clock.hpp"
#include "util/version.hpp"
#include "worker/host_paths_sink.hpp"
#include "worker/mirror.hpp"
#include "worker/session.hpp"

namespace spillway::worker {

using protocol::Response;

ProxyWorker::ProxyWorker(protocol::Sink& sink, const drivers::DriverRegistry& drivers)
    : m_sink(sink), m_drivers(drivers) {}

ProxyWorker::~ProxyWorker() {
  if (!m_cleaner.joinable()) return;
  m_session->cancel("");
  m_cleaner.join();
}

void ProxyWorker::handle(const protocol::Command& command) {
  const bool may_come_meanwhile = std::holds_alternative<protocol::PingCommand>(command) ||
                                  std::holds_alternative<protocol::CancelCommand>(command);
  if (m_cleaner.joinable() && !may_come_meanwhile) {
    m_cleaner.join();
    end_session();
  }
  try {
    std::visit([this](const auto& known) { this->answer(known); }, command);
  } catch (...) {
    sink().emit(Response{"error", protocol::error_fields(current_error())});
  }
}

void ProxyWorker::answer(const protocol::PingCommand& command) {
  m_sink.emit(Response{"pong", {{"timestamp", now_iso8601()}, {"echo", command.data}}});
}

void ProxyWorker::answer(const protocol::PrepareCommand& command) {
  if (m_session) fail(ErrorCode::protocol, "a session is open: send cleanup before another prepare");
  if (m_mirror && m_mirror->is_receiving()) fail(ErrorCode::protocol, "prepare comes after the files have come");
  m_session = std::make_unique<Session>(command, sink(), m_drivers, m_catalog, m_mirror.get());
  sink().emit(Response{"ready", m_session->ready_body()});
}

void ProxyWorker::answer(const protocol::ExecStepCommand& command) {
  if (!m_session) fail(ErrorCode::protocol, fmt::format("cannot run step '{}': send prepare first", command.step_id));
  m_session->start_step(command);
}

void ProxyWorker::answer(const protocol::CancelCommand& command) {
  if (m_session) m_session->cancel(command.step_id);
}

void ProxyWorker::answer(const protocol::CleanupCommand& command) {
  if (!m_session) fail(ErrorCode::protocol, "there is no session to clean up");
  if (command.is_ahead) {
    m_cleaner = std::thread([this] { clean_up(); });
  } else {
    clean_up();
    end_session();
  }
}

void ProxyWorker::clean_up() {
  try {
    sink().emit(Response{"cleaned", m_session->cleanup()});
  } catch (...) {
    sink().emit(Response{"error", protocol::error_fields(current_error())});
  }
}

void ProxyWorker::end_session() {
  m_session.reset();
  m_host_paths.reset();
  m_mirror.reset();
}

void ProxyWorker::answer(const protocol::ResumeCommand&) {
  fail(ErrorCode::protocol, "cannot resume: this worker does not number its lines", "start it with --numbered");
}

void ProxyWorker::answer(const protocol::FilesStart& start) {
  if (m_session) fail(ErrorCode::protocol, "a session is open: files come before prepare");
  m_mirror.reset();
  m_mirror = std::make_unique<Mirror>(start);
  m_host_paths = std::make_unique<HostPathsSink>(m_sink, m_mirror->root());
  m_sink.emit(Response{"receiving", {{"protocol", protocol::k_version}, {"version", k_program_version}}});
}

void ProxyWorker::answer(const protocol::FilesData& data) {
  if (m_mirror) m_mirror->append(data.bytes);
}

void ProxyWorker::answer(const protocol::FilesAt& at) {
  if (m_mirror) m_mirror->append(at);
}

void ProxyWorker::answer(const protocol::FilesInline& piece) {
  if (m_mirror) m_mirror->append(piece.bytes);
}

void ProxyWorker::answer(const protocol::FilesEnd& end) {
  if (!m_mirror) fail(ErrorCode::protocol, "there is no stream of files to end");
  m_mirror->finish(end);
  m_sink.emit(
      Response{"received", {{"entries", m_mirror->announced().entries}, {"bytes", m_mirror->announced().bytes}}});
}

protocol::Sink& ProxyWorker::sink() { return m_host_paths ? *m_host_paths : m_sink; }

}  // namespace spillway::worker
