// Rows of types and values that the input names, written by the Parquet writer: the engine must read them back as
// they are in a table.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/database.hpp"
#include "engine/source.hpp"
#include "engine/sql.hpp"
#include "frame/parquet/file_writer.hpp"
#include "util/disposable_folder.hpp"
#include "util/strings.hpp"

namespace {

namespace engine = spillway::engine;
using engine::Type;
using engine::TypeId;

const std::vector<Type> k_types{TypeId::boolean,      TypeId::tinyint,     TypeId::smallint,     TypeId::integer,
                                TypeId::bigint,       TypeId::utinyint,    TypeId::usmallint,    TypeId::uinteger,
                                TypeId::ubigint,      TypeId::float_,      TypeId::double_,      TypeId::date,
                                TypeId::time,         TypeId::timestamp,   TypeId::timestamp_tz, TypeId::varchar,
                                TypeId::blob,         TypeId::uuid,        Type::decimal(4, 1),  Type::decimal(9, 2),
                                Type::decimal(18, 3), Type::decimal(38, 4)};

/// The bytes of the input again and again, changed a little each time.
class Input {
 public:
  explicit Input(std::string_view bytes) : m_bytes(bytes) {}

  std::uint8_t byte() {
    if (m_bytes.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(static_cast<std::uint8_t>(m_bytes[m_at]) + m_round * (m_at % 3));
    if (++m_at == m_bytes.size()) {
      m_at = 0;
      ++m_round;
    }
    return value;
  }
  template <typename T>
  T number() {
    // Few bytes, mostly: values that are close to each other are the usual case.
    std::uint64_t value = 0;
    for (int bytes = byte() % 9; bytes > 0; --bytes) value = (value << 8U) | byte();
    return static_cast<T>(value);
  }
  std::string text() {
    std::string text(byte() % 40, '\0');
    for (char& c : text) c = static_cast<char>(byte());
    return text;
  }

 private:
  std::string_view m_bytes;
  std::size_t m_at = 0;
  std::uint64_t m_round = 0;
};

void set_decimal(engine::VectorWriter& column, std::uint64_t row, Input& input) {
  // Within its digits, as everybody who makes one sees to.
  constexpr std::array<std::int64_t, 4> k_limits{10'000, 1'000'000'000, 1'000'000'000'000'000'000, INT64_MAX};
  const std::uint8_t width = column.type().width;
  const std::size_t size = width <= 4 ? 0 : width <= 9 ? 1 : width <= 18 ? 2 : 3;
  column.set_decimal(row, input.number<std::int64_t>() % k_limits[size]);
}

void set_cell(engine::VectorWriter& column, std::uint64_t row, Input& input) {
  constexpr std::int64_t k_day_micros = 86'400'000'000;
  constexpr int k_days = 3'000'000;
  if (input.byte() % 8 == 0) return column.set_null(row);
  switch (column.type().id) {
    case TypeId::boolean:
      return column.set(row, input.byte() % 2 == 0);
    case TypeId::tinyint:
    case TypeId::utinyint:
      return column.set(row, input.byte());
    case TypeId::smallint:
    case TypeId::usmallint:
      return column.set(row, input.number<std::uint16_t>());
    case TypeId::integer:
    case TypeId::uinteger:
    case TypeId::float_:
      return column.set(row, input.number<std::uint32_t>());
    case TypeId::date:
      return column.set(row, static_cast<std::int32_t>(input.number<std::int32_t>() % k_days));
    case TypeId::time:
      return column.set(row, static_cast<std::int64_t>(input.number<std::uint64_t>() % k_day_micros));
    case TypeId::timestamp:
    case TypeId::timestamp_tz:
      return column.set(row, input.number<std::int64_t>() % (k_day_micros * k_days));
    case TypeId::varchar:
      return column.set_text(row, spillway::to_valid_utf8(input.text()));
    case TypeId::blob:
      return column.set_text(row, input.text());
    case TypeId::decimal:
      return set_decimal(column, row, input);
    case TypeId::uuid:
      return column.set(
          row, static_cast<engine::Int128>(input.number<std::uint64_t>()) << 64U | input.number<std::uint64_t>());
    default:
      return column.set(row, input.number<std::uint64_t>());
  }
}

/// The same rows for each reader.
class Rows : public engine::ChunkSource {
 public:
  explicit Rows(std::string_view bytes) : m_input(bytes) {
    const std::size_t columns = 1 + m_input.byte() % 4U;
    for (std::size_t i = 0; i < columns; ++i) {
      m_schema.push_back({fmt::format("c{}", i), k_types[m_input.byte() % k_types.size()]});
    }
    m_left = m_input.byte() * (m_input.byte() % 4 == 0 ? 100U : 1U);
  }

  const engine::Schema& schema() const override { return m_schema; }
  std::unique_ptr<engine::ChunkReader> open_reader() override { return std::make_unique<Reader>(*this); }

 private:
  class Reader : public engine::ChunkReader {
   public:
    explicit Reader(Rows& rows) : m_rows(rows) {}
    std::uint64_t read(engine::ChunkWriter& chunk) override {
      const std::uint64_t rows = std::min(m_rows.m_left, engine::ChunkWriter::capacity());
      for (std::uint64_t row = 0; row < rows; ++row) {
        for (std::size_t i = 0; i < chunk.column_count(); ++i) set_cell(chunk.column(i), row, m_rows.m_input);
      }
      m_rows.m_left -= rows;
      return rows;
    }

   private:
    Rows& m_rows;
  };

  Input m_input;
  engine::Schema m_schema;
  std::uint64_t m_left = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const spillway::DisposableFolder folder;
  static engine::Database database({});
  static engine::Connection connection = database.connect();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Another name each time: the engine keeps what it read of a file as long as the file seems unchanged.
  static std::uint64_t number = 0;
  const std::filesystem::path path = folder.path() / fmt::format("{}.parquet", ++number);

  Rows written(bytes);
  spillway::frame::parquet::FileWriter writer(path, written.schema());
  engine::SourceRows rows(written);
  while (const std::uint64_t count = rows.next()) writer.write(rows.columns(), count);
  writer.finish();

  const auto source = database.publish(std::make_shared<Rows>(bytes));
  connection.execute("CREATE OR REPLACE TEMP TABLE original AS FROM " + source->from_item());
  connection.execute(fmt::format("CREATE OR REPLACE TEMP TABLE back AS FROM read_parquet({})",
                                 engine::quote_literal(path.string())));
  std::filesystem::remove(path);
  const std::uint64_t differing = connection.count(
      "SELECT count(*) FROM original AS a FULL JOIN back AS b ON a.rowid = b.rowid WHERE CAST(a AS VARCHAR) IS "
      "DISTINCT "
      "FROM CAST(b AS VARCHAR)");
  if (differing != 0 || connection.describe("FROM back") != written.schema()) std::abort();
  return 0;
}
