#include "drivers/file/config.hpp"

namespace spillway::drivers::file {

std::vector<std::string> texts(const nlohmann::json& config, const char* option) {
  const auto found = config.find(option);
  if (found == config.end() || found->is_null()) return {};
  if (found->is_string()) return {found->get<std::string>()};
  return found->get<std::vector<std::string>>();
}

}  // namespace spillway::drivers::file
