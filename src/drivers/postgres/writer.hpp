#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::postgres {

/// postgres.writer: a frame to a table, by binary COPY, all of it or nothing.
class Writer : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::postgres
