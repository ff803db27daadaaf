#include "drivers/mysql/part.hpp"

#include <string>
#include <string_view>

namespace spillway::drivers::mysql {

void Part::start() {
  ServerConnection* server = connection.get();
  feed = std::make_unique<sql::RowFeed>([server](std::string& block) { return server->next_row(block); },
                                        [server] { server->stop(); });
}

bool Part::next_row(std::vector<sql::Field>& fields) const {
  std::string_view& rows = feed->rows();
  if (rows.empty()) return false;
  take_row(rows, fields);
  return true;
}

}  // namespace spillway::drivers::mysql
