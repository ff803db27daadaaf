#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// A row that was skipped, as the artifact bad_rows.csv holds it.
struct BadRow {
  std::string file;
  std::uint64_t line = 0;  ///< 0: unknown
  std::string column;      ///< may be empty
  std::string reason;
  std::string text;
};

/// Throws when there are more than `most`: then it is not the rows that are wrong.
void check_bad_row_count(const std::vector<BadRow>& rows, std::uint64_t most);

/// Writes artifacts/<step_id>/bad_rows.csv and emits artifact_created, bad_rows_skipped and the metric rows_skipped.
/// Without rows only the metric.
void write_bad_rows(const StepContext& context, const std::vector<BadRow>& rows);

}  // namespace spillway::drivers::file
