#pragma once

#include <memory>

#include "drivers/inspector.hpp"

namespace spillway::drivers::supabase {

class SupabaseInspector : public Inspector {
 public:
  /// `postgres` looks at projects whose connection has a pg_dsn.
  explicit SupabaseInspector(std::unique_ptr<Inspector> postgres) : m_postgres(std::move(postgres)) {}
  std::vector<HealthCheck> check(const InspectedServer& server) const override;
  std::vector<InspectedTable> tables(const InspectedServer& server,
                                     const std::optional<sql::TableName>& only) const override;
  std::vector<SampleRow> sample(const InspectedServer& server, const InspectedTable& table,
                                std::uint64_t rows) const override;

 private:
  std::unique_ptr<Inspector> m_postgres;
};

}  // namespace spillway::drivers::supabase
