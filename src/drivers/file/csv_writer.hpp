#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// filesystem.csv_writer: its input to one CSV file.
class CsvWriter : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::file
