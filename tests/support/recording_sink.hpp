#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/sink.hpp"

namespace spillway::testing {

/// Keeps every message for the test to look at. Thread-safe.
class RecordingSink : public protocol::Sink {
 public:
  void emit(protocol::Message message) override {
    const std::scoped_lock lock(m_mutex);
    m_messages.push_back(std::move(message));
  }

  std::vector<protocol::Message> messages() const {
    const std::scoped_lock lock(m_mutex);
    return m_messages;
  }

  /// The data of every event of that name, in order.
  std::vector<protocol::Json> events(std::string_view name) const {
    std::vector<protocol::Json> found;
    for (const protocol::Message& message : messages()) {
      const auto* event = std::get_if<protocol::Event>(&message);
      if (event != nullptr && event->name == name) found.push_back(event->data);
    }
    return found;
  }

  /// The names of all events, in order.
  std::vector<std::string> event_names() const {
    std::vector<std::string> names;
    for (const protocol::Message& message : messages()) {
      if (const auto* event = std::get_if<protocol::Event>(&message)) names.push_back(event->name);
    }
    return names;
  }

 private:
  mutable std::mutex m_mutex;
  std::vector<protocol::Message> m_messages;
};

}  // namespace spillway::testing
