#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/type.hpp"

namespace spillway::frame {

/// The rows that a step produced: in memory (a table of the worker's database) or spilled (`df_path`), or both for
/// the moment in which it moves. Always one of them: see FrameCache.
struct DataFrame {
  std::string step_id;
  engine::Schema schema;
  std::uint64_t row_count = 0;
  std::uint64_t memory_bytes = 0;     ///< what the table takes; 0 once spilled
  std::string table;                  ///< its quoted SQL name; empty when not in memory
  std::filesystem::path df_path;      ///< artifacts/<step_id>/output.parquet; empty when not spilled
  std::filesystem::path schema_path;  ///< artifacts/<step_id>/schema.json; empty when not spilled

  bool in_memory() const { return !table.empty(); }
  bool is_spilled() const { return !df_path.empty(); }
};

}  // namespace spillway::frame
