#pragma once

#include <memory>

#include "drivers/driver.hpp"

namespace spillway::drivers::supabase {

class Writer : public Driver {
 public:
  /// `postgres` is the driver that the step becomes over PostgreSQL.
  explicit Writer(std::unique_ptr<Driver> postgres) : m_postgres(std::move(postgres)) {}
  StepResult run(StepContext& context) const override;

 private:
  std::unique_ptr<Driver> m_postgres;
};

}  // namespace spillway::drivers::supabase
