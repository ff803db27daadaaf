#include "drivers/registry.hpp"

#include <string>
#include <vector>

#include "pipeline/component.hpp"

namespace spillway::drivers {
namespace {

TEST(Registry, EveryComponentHasADriverAndEveryDriverAComponent) {
  std::vector<std::string> names;
  for (const auto& [name, driver] : builtin_drivers()) {
    EXPECT_NE(driver, nullptr);
    names.push_back(name);
  }
  EXPECT_EQ(names, pipeline::ComponentCatalog::built_in().names());
}

}  // namespace
}  // namespace spillway::drivers
