#pragma once

#include "drivers/file/json_plan.hpp"
#include "engine/connection.hpp"
#include "util/error.hpp"

namespace spillway::drivers::file {

/// The engine's error about a JSON file in a few words, with the file and the line or record. May look into the files
/// again for the place. Errors that are not the engine's, or not about the files, come back as they are.
Error explain_json(const JsonPlan& plan, engine::Connection& connection, Error error);

}  // namespace spillway::drivers::file
