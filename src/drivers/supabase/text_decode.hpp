#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/sql/cells.hpp"
#include "engine/type.hpp"
#include "engine/vector.hpp"

/// PostgreSQL's texts of values as cells of the engine: so REST gives what the binary protocol gives.
namespace spillway::drivers::supabase {

/// How a column that REST sends as text gets into the engine. What sql::RowSource takes.
struct TextColumn {
  using Decode = void (*)(const TextColumn& column, const sql::Cells& cells, engine::VectorWriter& vector,
                          std::uint64_t row);
  std::string name;
  engine::Type type;
  bool is_cast = true;  ///< the server is to cast it to text; else it is sent as one anyway
  Decode decode = nullptr;
  bool special_is_null = false;           ///< NaN and the infinities of a NUMERIC become NULL
  std::vector<TextColumn> elements = {};  ///< of an array: one
};

/// For a PostgreSQL type as people write it: "int8", "numeric(12,2)", "timestamp with time zone", "text[]". What is
/// not known is read as text. A numeric without precision follows the config's unbounded_numeric.
TextColumn text_column(std::string name, std::string_view type, const nlohmann::json& config);

}  // namespace spillway::drivers::supabase
