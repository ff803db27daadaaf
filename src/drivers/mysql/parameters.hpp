#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/mysql/libmariadb.hpp"

namespace spillway::drivers::mysql {

/// Values of a config as the binary protocol binds them; must outlive the execution.
class BoundParameters {
 public:
  explicit BoundParameters(const nlohmann::json& values);
  MYSQL_BIND* binds() { return m_binds.data(); }

 private:
  std::vector<std::string> m_texts;
  std::vector<MYSQL_BIND> m_binds;
};

}  // namespace spillway::drivers::mysql
