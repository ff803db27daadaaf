#include "sandbox/mirror_channel.hpp"

#include <deque>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "config/wipe.hpp"
#include "protocol/codec.hpp"
#include "protocol/file_stream.hpp"
#include "sandbox/incoming_files.hpp"
#include "sandbox/outgoing_files.hpp"
#include "sandbox/step_failure.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace {

using protocol::Json;

class MirrorChannel : public Channel {
 public:
  MirrorChannel(std::unique_ptr<StreamChannel> inner, const RunPlace& place, const MirrorOptions& options)
      : m_manifest(place.manifest),
        m_incoming(place, options.max_file_bytes),
        m_is_ahead(options.is_ahead),
        m_inner(std::move(inner)) {
    OutgoingFiles outgoing = outgoing_files(place);
    m_stream.emplace(std::move(outgoing.entries));
    protocol::FilesStart start = m_stream->start();
    start.unreadable = std::move(outgoing.unreadable);
    start.wants_frames = options.wants_frames;
    start.most_artifact_bytes = options.max_artifact_bytes;
    m_total_bytes = start.bytes;
    m_inner->send(start);
    if (m_is_ahead) begin_to_send();
  }

  void send(const protocol::Command& command) override {
    if (const auto* step = std::get_if<protocol::ExecStepCommand>(&command)) m_running.insert(step->step_id);
    if (m_may_go_on) {
      m_inner->send(command);
    } else {
      m_held.push_back(command);
    }
  }

  std::optional<protocol::Message> receive(std::chrono::milliseconds timeout) override {
    if (!m_pending.empty()) {
      protocol::Message message = std::move(m_pending.front());
      m_pending.pop_front();
      return message;
    }
    std::optional<protocol::Message> message = m_inner->receive(timeout);
    if (!message) return std::nullopt;
    try {
      return std::visit([this](auto& received) { return this->take(received); }, *message);
    } catch (const Exception& exception) {
      if (exception.error().code != ErrorCode::protocol) throw;
      fail(ErrorCode::sandbox, fmt::format("the worker broke the protocol: {}", exception.error().full_message()));
    }
  }

  bool is_far() const override { return m_is_ahead; }

  std::string activity() const override {
    if (std::string inner = m_inner->activity(); !inner.empty() || m_has_files || !m_is_asked) return inner;
    return fmt::format("sending files: {} of {}", human_bytes(m_stream->bytes_read()), human_bytes(m_total_bytes));
  }

 private:
  using Passed = std::optional<protocol::Message>;

  Passed take(protocol::Response& response) {
    if (response.status == "receiving" && !m_is_answered) {
      if (auto mismatch = protocol::version_mismatch(response.body)) fail(std::move(*mismatch));
      m_is_answered = true;
      if (!m_is_asked) begin_to_send();
      return std::nullopt;
    }
    if (response.status == "received" && m_is_answered && !m_has_files) {
      m_has_files = true;
      if (!m_may_go_on) send_held();
      return std::nullopt;
    }
    return response.status == "complete" ? settle(response) : std::move(response);
  }
  Passed take(protocol::FilesStart& start) {
    if (!start.step_id.empty() && !m_running.contains(start.step_id)) {
      fail(ErrorCode::protocol, fmt::format("files came of step '{}', which does not run", start.step_id));
    }
    m_incoming.start(start);
    return std::nullopt;
  }
  Passed take(protocol::FilesData& data) {
    m_incoming.append(data.bytes);
    return std::nullopt;
  }
  Passed take(protocol::FilesInline& piece) {
    m_incoming.append(piece.bytes);
    return std::nullopt;
  }
  Passed take(protocol::FilesEnd& end) {
    m_incoming.end(end);
    return std::nullopt;
  }
  template <typename Other>
  Passed take(Other& other) {
    return std::move(other);
  }

  void send_held() {
    m_may_go_on = true;
    for (protocol::Command& command : m_held) {
      m_inner->send(command);
      if (auto* prepare = std::get_if<protocol::PrepareCommand>(&command)) config::wipe(prepare->connections);
    }
    m_held.clear();
  }

  void begin_to_send() {
    m_is_asked = true;
    m_inner->send_each([this]() -> std::optional<protocol::Command> {
      auto piece = m_stream->next();
      if (!piece && m_is_ahead) send_held();
      if (!piece) return std::nullopt;
      return std::visit([](auto& part) -> protocol::Command { return std::move(part); }, *piece);
    });
  }

  /// A step is over: its outputs take their places or, when it or that failed, do not.
  protocol::Message settle(protocol::Response& complete) {
    const std::string step_id = step_of(complete.body);
    if (m_running.erase(step_id) == 0) return std::move(complete);
    try {
      if (complete.body.contains("error")) {
        m_incoming.discard(step_id);
      } else {
        m_incoming.publish(step_id);
      }
      return std::move(complete);
    } catch (...) {
      StepFailure failure = step_failure(step_id, driver_of(m_manifest, step_id), current_error());
      m_pending.emplace_back(std::move(failure.complete));
      return std::move(failure.event);
    }
  }

  Json m_manifest;
  IncomingFiles m_incoming;
  std::optional<protocol::FileStream> m_stream;
  std::uint64_t m_total_bytes = 0;
  bool m_is_ahead;
  std::unique_ptr<StreamChannel> m_inner;   ///< ends before what it takes from
  std::set<std::string> m_running;          ///< steps
  std::deque<protocol::Command> m_held;     ///< until the worker has the files
  std::deque<protocol::Message> m_pending;  ///< what the caller has yet to be told
  bool m_is_asked = false;                  ///< the files are on their way
  bool m_is_answered = false;               ///< the worker is of this version, and takes them
  bool m_has_files = false;                 ///< it has them
  bool m_may_go_on = false;                 ///< commands are held back no more
};

}  // namespace

std::unique_ptr<Channel> open_mirror_channel(std::unique_ptr<StreamChannel> inner, const RunPlace& place,
                                             const MirrorOptions& options) {
  return std::make_unique<MirrorChannel>(std::move(inner), place, options);
}

}  // namespace spillway::sandbox
