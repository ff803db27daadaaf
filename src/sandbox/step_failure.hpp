#pragma once

#include <string>

#include "protocol/messages.hpp"
#include "util/error.hpp"

namespace spillway::sandbox {

/// What a run is told instead of a step's success when something here went wrong after it: the same as of a step that
/// failed where it ran.
struct StepFailure {
  protocol::Event event;        ///< step_failed
  protocol::Response complete;  ///< comes after it
};
StepFailure step_failure(const std::string& step_id, const std::string& driver, const Error& error);

/// The driver of a manifest's step; empty when there is no such step.
std::string driver_of(const protocol::Json& manifest, const std::string& step_id);

/// The `step_id` of a message's body; empty when it has none.
std::string step_of(const protocol::Json& body);

}  // namespace spillway::sandbox
