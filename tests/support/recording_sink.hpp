#pragma once

#include <algorithm>
#include <condition_variable>
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
    m_changed.notify_all();
  }

  /// Waits for the `count`-th answer of that status and returns its body.
  protocol::Json answer(std::string_view status, std::size_t count = 1) {
    std::unique_lock lock(m_mutex);
    const protocol::Response* found = nullptr;
    m_changed.wait(lock, [&] { return (found = find_answer(status, count)) != nullptr; });
    return found->body;
  }

  /// Waits for the first event of that name.
  void wait_for_event(std::string_view name) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [&] {
      return std::ranges::any_of(m_messages, [&](const protocol::Message& message) {
        const auto* event = std::get_if<protocol::Event>(&message);
        return event != nullptr && event->name == name;
      });
    });
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
  const protocol::Response* find_answer(std::string_view status, std::size_t count) const {
    for (const protocol::Message& message : m_messages) {
      const auto* response = std::get_if<protocol::Response>(&message);
      if (response != nullptr && response->status == status && --count == 0) return response;
    }
    return nullptr;
  }

  mutable std::mutex m_mutex;
  std::condition_variable m_changed;
  std::vector<protocol::Message> m_messages;
};

}  // namespace spillway::testing
