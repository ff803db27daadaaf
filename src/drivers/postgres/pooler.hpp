#pragma once

#include <optional>
#include <string_view>

namespace spillway::drivers::postgres {

/// What a pooler refuses a connection for.
struct PoolerRefusal {
  bool is_transient = false;  ///< as in SqlStateMeaning
  std::string_view hint;
};

/// A pooler tells its own troubles in words only: it has one SQLSTATE for all of them. Nothing when `reason` is not
/// one of PgBouncer's or of Supabase's Supavisor's.
std::optional<PoolerRefusal> pooler_refusal(std::string_view reason);

}  // namespace spillway::drivers::postgres
