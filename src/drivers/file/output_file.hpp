#pragma once

#include <string>
#include <string_view>

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// What a writer hands to the engine's COPY.
struct CopyJob {
  std::string format;      ///< csv, json or parquet
  std::string select_sql;  ///< the rows, in their order
  std::string options;     ///< the rest of COPY's option list, e.g. ", HEADER true"
};

/// The compression that the config asks for, `auto` decided by the name of its `path`: gzip, zstd or none.
std::string compression_of_target(const Json& config);

/// Writes the rows to the config's `path`, or to the artifact `stdout` when that is "-". The file appears complete or
/// not at all: after a failure there is the old one, no temporary file and no folder that this made. Emits
/// write_start and write_complete.
StepResult write_output(const StepContext& context, const CopyJob& job);

}  // namespace spillway::drivers::file
