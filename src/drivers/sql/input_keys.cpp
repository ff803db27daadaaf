#include "drivers/sql/input_keys.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::drivers::sql {

void check_no_null_keys(std::uint64_t rows_without_key, const std::vector<std::string>& primary_key) {
  if (rows_without_key == 0) return;
  fail(ErrorCode::bad_data,
       fmt::format("{} row(s) of the input have NULL in primary_key ({})", rows_without_key, join(primary_key, ", ")),
       "filter them out in a duckdb.processor step, or give them a key");
}

void check_no_repeated_keys(const std::vector<std::vector<std::optional<std::string>>>& found,
                            const std::vector<std::string>& primary_key) {
  if (found.empty()) return;
  std::vector<std::string> shown;
  for (const auto& row : found) {
    shown.push_back(
        shown.size() == k_shown_keys ? "…" : fmt::format("({}) {} times", row[0].value_or(""), row[1].value_or("")));
  }
  fail(ErrorCode::bad_data,
       fmt::format("the input holds keys ({}) more than once: {}", join(primary_key, ", "), join(shown, ", ")),
       "duplicates: last takes the last row of each key; or make them unique in a duckdb.processor step");
}

}  // namespace spillway::drivers::sql
