#include "sandbox/step_failure.hpp"

#include <utility>

#include "protocol/codec.hpp"
#include "util/clock.hpp"

namespace spillway::sandbox {
namespace {

using protocol::Json;

constexpr int k_only_attempt = 1;

}  // namespace

StepFailure step_failure(const std::string& step_id, const std::string& driver, const Error& error) {
  Json event = protocol::error_fields(error);
  Json body = event;
  event.update({{"step_id", step_id}, {"driver", driver}, {"attempt", k_only_attempt}});
  body.update({{"step_id", step_id}, {"rows_processed", 0}, {"outputs", Json::object()}, {"duration_ms", 0}});
  return {{"step_failed", now_iso8601(), std::move(event)}, {"complete", std::move(body)}};
}

std::string driver_of(const Json& manifest, const std::string& step_id) {
  const auto steps = manifest.find("steps");
  if (steps == manifest.end() || !steps->is_array()) return {};
  for (const Json& step : *steps) {
    if (protocol::text_or(step, "id") == step_id) return protocol::text_or(step, "driver");
  }
  return {};
}

std::string step_of(const Json& body) { return protocol::text_or(body, "step_id"); }

}  // namespace spillway::sandbox
