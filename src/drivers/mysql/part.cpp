#include "drivers/mysql/part.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace spillway::drivers::mysql {
namespace {

/// Before each cell stands its length, or this for NULL.
constexpr auto k_null_length = std::numeric_limits<std::uint32_t>::max();

void append_row(const std::vector<sql::Field>& fields, std::string& block) {
  std::size_t at = block.size();
  std::size_t size = at + fields.size() * sizeof(std::uint32_t);
  for (const sql::Field& field : fields) size += field.length;
  block.resize(size);
  for (const sql::Field& field : fields) {
    const std::uint32_t length = field.is_null() ? k_null_length : field.length;
    std::memcpy(block.data() + at, &length, sizeof length);
    at += sizeof length;
    if (field.length != 0) std::memcpy(block.data() + at, field.data, field.length);
    at += field.length;
  }
}

void take_row(std::string_view& rows, std::vector<sql::Field>& fields) {
  for (sql::Field& field : fields) {
    std::uint32_t length = 0;
    std::memcpy(&length, rows.data(), sizeof length);
    rows.remove_prefix(sizeof length);
    field = length == k_null_length ? sql::Field{} : sql::Field{rows.data(), length};
    rows.remove_prefix(field.length);
  }
}

}  // namespace

void Part::start() {
  ServerConnection* server = connection.get();
  feed = std::make_unique<sql::RowFeed>(
      [server, fields = std::vector<sql::Field>(server->columns().size())](std::string& block) mutable {
        if (!server->next_row(fields)) return false;
        append_row(fields, block);
        return true;
      },
      [server] { server->stop(); });
}

bool Part::next_row(std::vector<sql::Field>& fields) const {
  std::string_view& rows = feed->rows();
  if (rows.empty()) return false;
  take_row(rows, fields);
  return true;
}

}  // namespace spillway::drivers::mysql
