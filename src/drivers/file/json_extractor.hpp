#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// filesystem.json_extractor: JSON files to a DataFrame.
class JsonExtractor : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::file
