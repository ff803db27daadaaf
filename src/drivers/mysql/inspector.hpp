#pragma once

#include "drivers/inspector.hpp"

namespace spillway::drivers::mysql {

class MysqlInspector : public Inspector {
 public:
  std::vector<HealthCheck> check(const InspectedServer& server) const override;
  std::vector<InspectedTable> tables(const InspectedServer& server,
                                     const std::optional<sql::TableName>& only) const override;
  std::vector<SampleRow> sample(const InspectedServer& server, const InspectedTable& table,
                                std::uint64_t rows) const override;
};

}  // namespace spillway::drivers::mysql
