#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// filesystem.parquet_extractor: Parquet files to a DataFrame.
class ParquetExtractor : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::file
