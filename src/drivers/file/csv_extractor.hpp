#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// filesystem.csv_extractor: CSV files to a DataFrame.
class CsvExtractor : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::file
