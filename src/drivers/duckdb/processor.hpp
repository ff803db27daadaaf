#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::duckdb {

/// duckdb.processor: one SELECT over the step's inputs, each of which SQL sees as a view.
class Processor : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::duckdb
