#include "engine/vector.hpp"

#include <map>
#include <string>

#include "engine/database.hpp"
#include "engine/result.hpp"
#include "support/all_types.hpp"

namespace spillway::engine {
namespace {

/// Copies a cell from a result to a source's chunk through the typed accessors, whatever the type.
void copy_cell(const VectorView& from, std::uint64_t from_row, VectorWriter& to, std::uint64_t to_row);

void copy_list(const VectorView& from, std::uint64_t from_row, VectorWriter& to, std::uint64_t to_row) {
  const ListEntry entry = from.list_entry(from_row);
  const std::uint64_t offset = to.append_list(to_row, entry.length);
  for (std::uint64_t i = 0; i < entry.length; ++i) copy_cell(from.child(), entry.offset + i, to.child(), offset + i);
}

template <typename T>
void copy_as(const VectorView& from, std::uint64_t from_row, VectorWriter& to, std::uint64_t to_row) {
  to.set(to_row, from.get<T>(from_row));
}

void copy_cell(const VectorView& from, std::uint64_t from_row, VectorWriter& to, std::uint64_t to_row) {
  if (from.is_null(from_row)) return to.set_null(to_row);
  switch (from.type().id) {
    case TypeId::boolean:
      return copy_as<bool>(from, from_row, to, to_row);
    case TypeId::tinyint:
    case TypeId::utinyint:
      return copy_as<std::uint8_t>(from, from_row, to, to_row);
    case TypeId::smallint:
    case TypeId::usmallint:
      return copy_as<std::uint16_t>(from, from_row, to, to_row);
    case TypeId::integer:
    case TypeId::uinteger:
    case TypeId::date:
      return copy_as<std::uint32_t>(from, from_row, to, to_row);
    case TypeId::float_:
      return copy_as<float>(from, from_row, to, to_row);
    case TypeId::double_:
      return copy_as<double>(from, from_row, to, to_row);
    case TypeId::interval:
      return copy_as<Interval>(from, from_row, to, to_row);
    case TypeId::hugeint:
    case TypeId::uhugeint:
    case TypeId::uuid:
      return copy_as<Int128>(from, from_row, to, to_row);
    case TypeId::varchar:
    case TypeId::blob:
    case TypeId::bit:
    case TypeId::bignum:
      return to.set_text(to_row, from.text(from_row));
    case TypeId::decimal:
      return to.set_decimal(to_row, from.integer(from_row));
    case TypeId::enum_:
      return to.set_enum(to_row, from.enum_index(from_row));
    case TypeId::list:
    case TypeId::map:
      return copy_list(from, from_row, to, to_row);
    case TypeId::struct_:
      for (std::size_t i = 0; i < from.type().children.size(); ++i) {
        copy_cell(from.child(i), from_row, to.child(i), to_row);
      }
      return;
    case TypeId::array:
      for (std::uint64_t i = 0; i < from.type().array_size; ++i) {
        copy_cell(from.child(), from_row * from.type().array_size + i, to.child(),
                  to_row * from.type().array_size + i);
      }
      return;
    default:
      return copy_as<std::uint64_t>(from, from_row, to, to_row);
  }
}

/// A source that repeats a statement's rows.
class CopySource : public ChunkSource {
 public:
  CopySource(Connection& connection, const std::string& sql) : m_stream(connection.stream(sql)) {}
  const Schema& schema() const override { return m_stream.schema(); }
  std::unique_ptr<ChunkReader> open_reader() override { return std::make_unique<Reader>(m_stream); }

 private:
  class Reader : public ChunkReader {
   public:
    explicit Reader(ResultStream& stream) : m_stream(stream) {}
    std::uint64_t read(ChunkWriter& writer) override {
      const auto chunk = m_stream.next();
      if (!chunk) return 0;
      for (std::uint64_t row = 0; row < chunk->row_count(); ++row) {
        for (std::size_t i = 0; i < writer.column_count(); ++i)
          copy_cell(chunk->column(i), row, writer.column(i), row);
      }
      return chunk->row_count();
    }

   private:
    ResultStream& m_stream;
  };
  ResultStream m_stream;
};

std::uint64_t differences(Connection& connection, const std::string& a, const std::string& b) {
  return connection.count("SELECT count(*) FROM (SELECT rowid AS id, CAST(a AS VARCHAR) AS v FROM " + a +
                          " AS a) JOIN (SELECT rowid AS id, CAST(b AS VARCHAR) AS w FROM " + b +
                          " AS b) USING (id) WHERE v IS DISTINCT FROM w");
}

TEST(Vector, EveryTypeIsReadAndWrittenThroughTheAccessors) {
  Database database({});
  Connection reader = database.connect();
  Connection connection = database.connect();
  // A UNION, and a TIMETZ or BIGNUM inside one, is cast before it reaches a driver.
  connection.execute("CREATE TABLE original AS SELECT * EXCLUDE (c_union, c_list_union) FROM (" +
                     testing::all_types_sql() + ")");
  const auto source = database.publish(std::make_shared<CopySource>(reader, "FROM original"));
  EXPECT_EQ(connection.execute("CREATE TABLE copy AS FROM " + source->from_item()), 5U);
  EXPECT_EQ(differences(connection, "original", "copy"), 0U);
  EXPECT_EQ(connection.describe("FROM original"), connection.describe("FROM copy"));
}

TEST(StringCell, ATextInPlaceIsFollowedByZeros) {
  const std::string_view letters = "abcdefghijkl";
  for (std::size_t size = 0; size <= StringCell::k_inline_bytes; ++size) {
    StringCell cell;
    cell.set_in_place("zzzzzzzzzzzz");
    cell.set_in_place(letters.substr(0, size));
    EXPECT_EQ(cell.view(), letters.substr(0, size));
    const std::string bytes(reinterpret_cast<const char*>(&cell), sizeof cell);
    EXPECT_EQ(bytes.substr(sizeof(std::uint32_t) + size), std::string(StringCell::k_inline_bytes - size, '\0'));
  }
}

TEST(Vector, LongAndManyValuesSurvive) {
  Database database({});
  Connection reader = database.connect();
  Connection connection = database.connect();
  connection.execute(
      "CREATE TABLE original AS SELECT repeat('ü', range % 40) AS text, repeat('ü', range % 700) AS longer, "
      "[repeat('y', 9 * x) for x in range(range % 7)] AS texts, [x for x in range(range % 7)] AS list, "
      "CASE WHEN range % 3 = 0 THEN NULL ELSE {'a': range, 'b': [repeat('z', 20)]} END AS nested FROM range(10000)");
  const auto source = database.publish(std::make_shared<CopySource>(reader, "FROM original"));
  EXPECT_EQ(connection.execute("CREATE TABLE copy AS FROM " + source->from_item()), 10000U);
  EXPECT_EQ(differences(connection, "original", "copy"), 0U);
}

TEST(Vector, TheWidthOfAnEnumsIndexFollowsItsDictionary) {
  Database database({});
  Connection reader = database.connect();
  Connection connection = database.connect();
  for (const int size : {255, 256, 257, 65535, 65536, 65537}) {
    connection.execute("DROP TYPE IF EXISTS big");
    connection.execute("CREATE TYPE big AS ENUM (SELECT 'v' || range FROM range(" + std::to_string(size) + "))");
    connection.execute("CREATE OR REPLACE TABLE original AS SELECT CAST('v' || range AS big) AS e FROM range(" +
                       std::to_string(size) + ")");
    const auto source = database.publish(std::make_shared<CopySource>(reader, "FROM original"));
    connection.execute("CREATE OR REPLACE TABLE copy AS FROM " + source->from_item());
    EXPECT_EQ(differences(connection, "original", "copy"), 0U) << size;
    connection.execute("DROP TABLE original");
    connection.execute("DROP TABLE copy");
  }
}

}  // namespace
}  // namespace spillway::engine
