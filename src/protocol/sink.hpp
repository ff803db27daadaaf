#pragma once

#include <string>
#include <string_view>

#include "protocol/messages.hpp"
#include "util/clock.hpp"

namespace spillway::protocol {

/// Where a worker's messages go. Thread-safe: steps that run side by side share it.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void emit(Message message) = 0;

  void event(std::string name, Json data) { emit(Event{std::move(name), now_iso8601(), std::move(data)}); }
  /// `step_id` may be empty: then the metric is the run's.
  void metric(std::string name, Json value, std::string_view unit, std::string_view step_id) {
    Json tags{{"unit", unit}};
    if (!step_id.empty()) tags["step_id"] = step_id;
    emit(Metric{std::move(name), std::move(value), now_iso8601(), std::move(tags)});
  }
};

}  // namespace spillway::protocol
