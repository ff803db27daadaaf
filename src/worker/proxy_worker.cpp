#include "worker/proxy_worker.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "protocol/codec.hpp"
#include "util/clock.hpp"
#include "worker/session.hpp"

namespace spillway::worker {

using protocol::Response;

ProxyWorker::ProxyWorker(protocol::Sink& sink, const drivers::DriverRegistry& drivers)
    : m_sink(sink), m_drivers(drivers) {}

ProxyWorker::~ProxyWorker() = default;

void ProxyWorker::handle(const protocol::Command& command) {
  try {
    std::visit([this](const auto& known) { answer(known); }, command);
  } catch (...) {
    m_sink.emit(Response{"error", protocol::error_fields(current_error())});
  }
}

void ProxyWorker::answer(const protocol::PingCommand& command) {
  m_sink.emit(Response{"pong", {{"timestamp", now_iso8601()}, {"echo", command.data}}});
}

void ProxyWorker::answer(const protocol::PrepareCommand& command) {
  if (m_session) fail(ErrorCode::protocol, "a session is open: send cleanup before another prepare");
  m_session = std::make_unique<Session>(command, m_sink, m_drivers, m_catalog);
  m_sink.emit(Response{"ready", m_session->ready_body()});
}

void ProxyWorker::answer(const protocol::ExecStepCommand& command) {
  if (!m_session) fail(ErrorCode::protocol, fmt::format("cannot run step '{}': send prepare first", command.step_id));
  m_session->start_step(command);
}

void ProxyWorker::answer(const protocol::CancelCommand& command) {
  if (m_session) m_session->cancel(command.step_id);
}

void ProxyWorker::answer(const protocol::CleanupCommand&) {
  if (!m_session) fail(ErrorCode::protocol, "there is no session to clean up");
  Json body = m_session->cleanup();
  m_session.reset();
  m_sink.emit(Response{"cleaned", std::move(body)});
}

}  // namespace spillway::worker
