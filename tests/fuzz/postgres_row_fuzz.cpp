// Rows as a server that lies may send them: of the types that the input names, and whatever bytes it has. Each is
// taken apart and decoded into the engine's vectors, or an error is told.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/postgres/decode.hpp"
#include "drivers/postgres/oids.hpp"
#include "drivers/postgres/server_connection.hpp"
#include "drivers/sql/row_source.hpp"
#include "engine/database.hpp"
#include "util/error.hpp"

namespace {

namespace postgres = spillway::drivers::postgres;
namespace sql = spillway::drivers::sql;
namespace engine = spillway::engine;
using engine::Type;
using engine::TypeId;

constexpr std::array k_types{
    postgres::oid::k_bool,        postgres::oid::k_bytea,    postgres::oid::k_int8,   postgres::oid::k_int2,
    postgres::oid::k_int4,        postgres::oid::k_text,     postgres::oid::k_oid,    postgres::oid::k_float4,
    postgres::oid::k_float8,      postgres::oid::k_date,     postgres::oid::k_time,   postgres::oid::k_timestamp,
    postgres::oid::k_timestamptz, postgres::oid::k_interval, postgres::oid::k_timetz, postgres::oid::k_numeric,
    postgres::oid::k_uuid,        postgres::oid::k_jsonb,
};

/// The bytes of the input, one after the other; zeros when they are used up.
class Input {
 public:
  explicit Input(std::string_view bytes) : m_bytes(bytes) {}
  bool empty() const { return m_bytes.empty(); }
  std::uint8_t byte() {
    const std::string_view taken = bytes(1);
    return taken.empty() ? 0 : static_cast<std::uint8_t>(taken[0]);
  }
  std::string_view bytes(std::size_t count) {
    const std::string_view taken = m_bytes.substr(0, count);
    m_bytes.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view m_bytes;
};

/// The low bits name the type, the highest one makes it an array.
postgres::ColumnReader column_of(std::uint8_t byte) {
  constexpr unsigned k_array_bit = 0x80;
  const postgres::NativeType& native = *postgres::find_native_type(k_types[(byte & ~k_array_bit) % k_types.size()]);
  postgres::ColumnReader reader;
  reader.type = native.type == TypeId::decimal ? Type::decimal(15, 2) : Type(native.type);
  reader.decode = native.decode;
  if ((byte & k_array_bit) != 0) {
    postgres::ColumnReader list;
    list.type = Type::list(reader.type);
    list.decode = sql::k_each<postgres::decode_list>;
    list.elements.push_back(std::move(reader));
    reader = std::move(list);
  }
  return reader;
}

/// What sql::RowSource reads rows from.
struct Rows {
  std::string block;
  std::string_view left = {};

  void start() { left = block; }
  std::size_t next_rows(sql::RowBatch& batch, std::size_t max_rows) {
    std::size_t rows = 0;
    while (rows < max_rows && !left.empty()) postgres::take_row(left, batch.row(rows++));
    return rows;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static engine::Database database({});
  static engine::Connection connection = database.connect();
  Input input({reinterpret_cast<const char*>(data), size});
  std::vector<postgres::ColumnReader> columns(1 + input.byte() % 4U);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i] = column_of(input.byte());
    columns[i].name = "c" + std::to_string(i);
  }
  Rows rows;
  while (!input.empty()) {
    const std::string_view row = input.bytes(input.byte());
    const auto bytes = static_cast<std::uint32_t>(row.size());
    rows.block.append(reinterpret_cast<const char*>(&bytes), sizeof bytes).append(row);
  }
  std::vector<Rows> parts;
  parts.push_back(std::move(rows));
  try {
    const auto source = database.publish(std::make_shared<sql::RowSource<Rows, postgres::ColumnReader>>(
        std::move(parts), std::move(columns), "the input"));
    connection.count("SELECT count(*) FROM " + source->from_item());
  } catch (const spillway::Exception&) {  // told
  }
  return 0;
}
