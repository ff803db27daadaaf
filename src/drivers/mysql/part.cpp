#include "drivers/mysql/part.hpp"

#include <string>

namespace spillway::drivers::mysql {

void Part::start() {
  ServerConnection* server = connection.get();
  feed = std::make_unique<sql::RowFeed>(
      [server](std::string& block) { return server->next_rows(block, sql::BlockQueue::k_block_bytes); },
      [server] { server->stop(); }, take_row);
}

}  // namespace spillway::drivers::mysql
