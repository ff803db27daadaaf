#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/connection.hpp"
#include "engine/source.hpp"
#include "engine/type.hpp"

namespace spillway::frame {

/// Why a frame was spilled (`reason` in frame_spilled).
enum class SpillReason { forced, rows, bytes, pressure };
std::string_view to_string(SpillReason reason);

struct SpillOutcome {
  std::filesystem::path parquet_path;
  std::filesystem::path schema_path;
  std::uint64_t row_count = 0;
  std::uint64_t parquet_bytes = 0;
  std::uint64_t schema_bytes = 0;
  std::uint64_t duration_ms = 0;
};

/// Streams the rows of `select_sql` to `folder`/output.parquet (zstd) and describes them in schema.json. Both files
/// appear complete or not at all. `schema` is that of the rows.
SpillOutcome write_spill(engine::Connection& connection, const std::string& select_sql, const engine::Schema& schema,
                         const std::filesystem::path& folder, const engine::StatementControl& control);
/// The same for the rows of `source`, without a statement of the engine: `schema` must be one that
/// parquet::FileWriter can write. What the source throws is thrown as it is.
SpillOutcome write_spill(engine::ChunkSource& source, const engine::Schema& schema,
                         const std::filesystem::path& folder, const engine::StatementControl& control);

/// The SELECT that reads such a file back in the types of `schema`.
std::string read_spill_sql(const std::filesystem::path& parquet_path, const engine::Schema& schema);

/// schema.json: {"row_count": 14, "columns": ["id"], "dtypes": {"id": "BIGINT"}}.
std::string schema_json(const engine::Schema& schema, std::uint64_t row_count);

}  // namespace spillway::frame
