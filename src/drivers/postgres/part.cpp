#include "drivers/postgres/part.hpp"

#include <fmt/format.h>

namespace spillway::drivers::postgres {

void Part::start() {
  if (is_copied) {
    connection->start_copy_out(fmt::format("COPY (\n{}\n) TO STDOUT (FORMAT binary)", sql));
    ServerConnection* server = connection.get();
    feed = std::make_unique<sql::RowFeed>(
        [server](std::string& block) { return server->next_copied(block, sql::BlockQueue::k_block_bytes); },
        [server] { server->stop(); }, take_row);
  } else {
    connection->start_rows(sql, parameters);
  }
}

}  // namespace spillway::drivers::postgres
