#pragma once

#include "drivers/driver.hpp"

namespace spillway::drivers {

/// Every driver this program has, by component name.
DriverRegistry builtin_drivers();

}  // namespace spillway::drivers
