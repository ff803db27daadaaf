#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// filesystem.parquet_writer: its input to one Parquet file.
class ParquetWriter : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::file
