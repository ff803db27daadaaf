#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::mysql {

/// mysql.writer: a frame to a table, by LOAD DATA LOCAL, all of it or nothing.
class Writer : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::mysql
