#include "sandbox/step_failure.hpp"

#include <utility>

#include "protocol/codec.hpp"
#include "util/clock.hpp"

namespace spillway::sandbox {
namespace {

using protocol::Json;

constexpr int k_only_attempt = 1;

std::string text_of(const Json& body, const char* name) {
  const auto field = body.find(name);
  return field != body.end() && field->is_string() ? field->get<std::string>() : std::string();
}

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
    if (text_of(step, "id") == step_id) return text_of(step, "driver");
  }
  return {};
}

std::string step_of(const Json& body) { return text_of(body, "step_id"); }

}  // namespace spillway::sandbox
