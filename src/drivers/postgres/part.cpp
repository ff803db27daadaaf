#include "drivers/postgres/part.hpp"

#include <fmt/format.h>

namespace spillway::drivers::postgres {

void Part::start() {
  if (is_copied) {
    connection->start_copy_out(fmt::format("COPY (\n{}\n) TO STDOUT (FORMAT binary)", sql));
    feed = std::make_unique<RowFeed>(*connection);
  } else {
    connection->start_rows(sql, parameters);
  }
}

}  // namespace spillway::drivers::postgres
