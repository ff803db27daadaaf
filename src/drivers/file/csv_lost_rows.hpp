#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "drivers/file/csv_plan.hpp"
#include "engine/connection.hpp"

namespace spillway::drivers::file {

/// A row with a value that its column's type would lose.
struct LostRow {
  std::uint64_t row = 0;   ///< among those that the engine's reader accepts, from 1
  std::uint64_t line = 0;  ///< 0 where the file's bytes are not its text
  std::string column;
  std::string value;
  std::string text;  ///< the record, where its line is known
};

/// The first rows of the file, at most `limit`, of which a value would be lost. The engine leaves out the records
/// that start at `rejected_lines`; `extra` are the options with which it reads.
std::vector<LostRow> find_lost_rows(engine::Connection& connection, const CsvPlan& plan, const CsvFile& file,
                                    std::uint64_t limit, std::string_view extra = {},
                                    const std::set<std::uint64_t>& rejected_lines = {});

}  // namespace spillway::drivers::file
