#pragma once

#include "drivers/file/csv_plan.hpp"
#include "engine/connection.hpp"
#include "util/error.hpp"

namespace spillway::drivers::file {

/// The engine's error about a CSV file in a few words, with the file, the line and the column. May look into the
/// files again for the place. Errors that are not the engine's, or not about the files, come back as they are.
Error explain_csv(const CsvPlan& plan, engine::Connection& connection, Error error);

}  // namespace spillway::drivers::file
