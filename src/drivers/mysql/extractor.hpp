#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::mysql {

/// mysql.extractor: the rows of a query or a table, under one snapshot, as a stream of rows in the binary protocol.
class Extractor : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::mysql
