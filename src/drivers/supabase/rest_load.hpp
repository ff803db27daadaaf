#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/sql/table_write.hpp"
#include "drivers/sql/write_config.hpp"
#include "drivers/supabase/rest_client.hpp"
#include "drivers/supabase/rest_column.hpp"
#include "engine/result.hpp"

namespace spillway::drivers::supabase {

/// A writer's step over REST. Each request is a transaction of its own; what could not be kept then is refused before
/// the first of them is sent.
class RestLoad {
 public:
  RestLoad(const StepContext& context, const sql::WriteConfig& config, const frame::ResolvedInput& input,
           RestClient& client)
      : m_context(context), m_config(config), m_input(input), m_client(client) {}

  sql::LoadOutcome run();

 private:
  void check_config() const;
  void plan_columns();
  void check_keys() const;
  std::string rows_sql() const;
  void append_row(const engine::Chunk& chunk, std::uint64_t row);
  void append_json(const std::string& column, std::string_view text);
  void send_batch();
  RestRequest batch_request() const;
  Error batch_error(Error error) const;

  const StepContext& m_context;
  const sql::WriteConfig& m_config;
  const frame::ResolvedInput& m_input;
  RestClient& m_client;
  std::vector<RestColumn> m_columns;
  std::string m_body;
  std::uint64_t m_batch_rows = 0;
  std::uint64_t m_rows_taken = 0;  ///< of the input, those of sent batches
  sql::LoadOutcome m_outcome;
};

}  // namespace spillway::drivers::supabase
