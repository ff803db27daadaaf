#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers::file {

/// filesystem.json_writer: its input to one JSON file.
class JsonWriter : public Driver {
 public:
  StepResult run(StepContext& context) const override;
};

}  // namespace spillway::drivers::file
