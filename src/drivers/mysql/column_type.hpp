#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/mysql/server_connection.hpp"
#include "engine/type.hpp"
#include "engine/vector.hpp"

namespace spillway::drivers::mysql {

/// What becomes of values that the engine has no type of its own for: chosen by the step, never guessed.
struct ReadPolicy {
  enum class WideDecimal { decimal, text, double_ };
  WideDecimal wide_decimal = WideDecimal::decimal;  ///< DECIMAL of more than 38 digits
  bool tinyint1_is_boolean = false;
  bool time_is_interval = false;
  bool zero_date_is_null = false;  ///< otherwise it is an error
};
/// Reads the options of that names. The scheme of the config was checked.
ReadPolicy read_policy(const nlohmann::json& config);

/// How a column of a result gets into the engine.
struct ColumnReader {
  using Decode = void (*)(const ColumnReader& reader, const sql::Cells& cells, engine::VectorWriter& vector,
                          std::uint64_t row);
  std::string name;
  engine::Type type;
  Decode decode = nullptr;
  bool zero_date_is_null = false;
};

/// Finds out how to read these columns.
std::vector<ColumnReader> column_readers(const std::vector<ServerColumn>& columns, const ReadPolicy& policy);

}  // namespace spillway::drivers::mysql
