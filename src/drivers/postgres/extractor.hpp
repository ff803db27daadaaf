#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::postgres {

/// postgres.extractor: the rows of a query or a table, under one snapshot, as a stream of binary rows.
class Extractor : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::postgres
