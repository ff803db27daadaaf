#include "frame/parquet/column_writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "frame/parquet/bits.hpp"
#include "frame/parquet/compact_writer.hpp"
#include "frame/parquet/text_dictionary.hpp"
#include "util/error.hpp"

namespace spillway::frame::parquet {
namespace {

using engine::Int128;
using engine::StringCell;
using engine::Type;
using engine::TypeId;
using engine::UInt128;
using engine::VectorView;

constexpr std::uint8_t k_max_width_int16 = 4;  ///< of a DECIMAL

using Bounds = std::optional<std::pair<std::string, std::string>>;

/// Calls `take` with each row that has a value.
template <typename Take>
void each_value(const VectorView& cells, std::uint64_t rows, std::uint64_t values, Take take) {
  for (std::uint64_t row = 0; row < rows; ++row) {
    if (values == rows || !cells.is_null(row)) take(row);
  }
}

/// Empties a buffer and keeps its memory, as new memory would have to be cleared first, but not what a huge text
/// took.
void reuse(std::string& buffer) {
  constexpr std::size_t k_kept_bytes = std::size_t{32} * 1024 * 1024;
  buffer.clear();
  if (buffer.capacity() > k_kept_bytes) buffer.shrink_to_fit();
}

/// Cells of type Cell, compared as such, in a Physical, which is std::int32_t or std::int64_t.
template <typename Cell, typename Physical>
class IntegerWriter : public ColumnWriter {
 public:
  explicit IntegerWriter(bool has_bounds) : m_has_bounds(has_bounds) {}
  std::size_t pending_bytes() const override { return m_values.size() * sizeof(Physical); }

 protected:
  void append_values(const VectorView& cells, std::uint64_t rows, std::uint64_t values) override {
    const std::size_t before = m_values.size();
    m_values.resize(before + values);
    Physical* out = m_values.data() + before;
    each_value(cells, rows, values, [&](std::uint64_t row) { *out++ = widened(cells.get<Cell>(row)); });
  }

  Encoding encode(std::string& page) override {
    if (m_has_bounds) {
      // Each as it was before it was widened: unsigned ones are unsigned again.
      Cell least = m_least;
      Cell greatest = m_greatest;
      for (const Physical value : m_values) {
        least = std::min(least, static_cast<Cell>(value));
        greatest = std::max(greatest, static_cast<Cell>(value));
      }
      m_least = least;
      m_greatest = greatest;
    }
    append_delta_packed(std::span<const Physical>(m_values), page);
    m_values.clear();
    return Encoding::delta_binary_packed;
  }

  Bounds take_bounds() override {
    if (!m_has_bounds || m_least > m_greatest) return std::nullopt;
    const auto bounds = std::pair(bytes_of(widened(m_least)), bytes_of(widened(m_greatest)));
    m_least = std::numeric_limits<Cell>::max();
    m_greatest = std::numeric_limits<Cell>::min();
    return bounds;
  }

 private:
  static Physical widened(Cell value) {
    if constexpr (sizeof(Cell) == sizeof(Physical)) {
      return static_cast<Physical>(value);
    } else {
      return value;
    }
  }

  bool m_has_bounds;
  std::vector<Physical> m_values;
  Cell m_least = std::numeric_limits<Cell>::max();
  Cell m_greatest = std::numeric_limits<Cell>::min();
};

class BooleanWriter : public ColumnWriter {
 public:
  std::size_t pending_bytes() const override { return m_values.size(); }

 protected:
  void append_values(const VectorView& cells, std::uint64_t rows, std::uint64_t values) override {
    each_value(cells, rows, values,
               [&](std::uint64_t row) { m_values.push_back(cells.get<std::uint8_t>(row) != 0 ? 1 : 0); });
  }

  Encoding encode(std::string& page) override {
    append_packed(std::span<const std::uint16_t>(m_values), 1, page);
    m_values.clear();
    return Encoding::plain;
  }

 private:
  std::vector<std::uint16_t> m_values;
};

/// The first bytes of all values, then the second ones, and so on: zstd finds more in them so.
template <typename Float>
class FloatWriter : public ColumnWriter {
 public:
  std::size_t pending_bytes() const override { return m_values.size() * sizeof(Float); }

 protected:
  void append_values(const VectorView& cells, std::uint64_t rows, std::uint64_t values) override {
    each_value(cells, rows, values,
               [&](std::uint64_t row) { m_values.push_back(cells.get<std::array<char, sizeof(Float)>>(row)); });
  }

  Encoding encode(std::string& page) override {
    const std::size_t before = page.size();
    page.resize(before + m_values.size() * sizeof(Float));
    char* out = page.data() + before;
    for (std::size_t byte = 0; byte < sizeof(Float); ++byte) {
      for (const auto& value : m_values) *out++ = value[byte];
    }
    m_values.clear();
    return Encoding::byte_stream_split;
  }

 private:
  std::vector<std::array<char, sizeof(Float)>> m_values;
};

/// Numbers of 128 bits, the highest byte first.
class WideWriter : public ColumnWriter {
 public:
  /// `flipped` is the bit that the engine flips.
  explicit WideWriter(UInt128 flipped) : m_flipped(flipped) {}
  std::size_t pending_bytes() const override { return m_values.size(); }

 protected:
  void append_values(const VectorView& cells, std::uint64_t rows, std::uint64_t values) override {
    each_value(cells, rows, values, [&](std::uint64_t row) {
      const UInt128 value = static_cast<UInt128>(cells.get<Int128>(row)) ^ m_flipped;
      const std::array<std::uint64_t, 2> words{__builtin_bswap64(static_cast<std::uint64_t>(value >> k_word_bits)),
                                               __builtin_bswap64(static_cast<std::uint64_t>(value))};
      m_values += bytes_of(words);
    });
  }

  Encoding encode(std::string& page) override {
    page += m_values;
    m_values.clear();
    return Encoding::plain;
  }

 private:
  static constexpr unsigned k_word_bits = 64;
  UInt128 m_flipped;
  std::string m_values;
};

class TextWriter : public ColumnWriter {
 public:
  std::size_t pending_bytes() const override {
    return m_numbers.size() * sizeof(std::uint16_t) + m_lengths.size() * sizeof(std::int32_t) + m_texts.size();
  }

 protected:
  void append_values(const VectorView& cells, std::uint64_t rows, std::uint64_t values) override {
    each_value(cells, rows, values, [&](std::uint64_t row) {
      const StringCell& cell = cells.text_cell(row);
      if (m_is_few) {
        if (const auto number = m_dictionary.number_of(cell)) return m_numbers.push_back(*number);
        become_many();
      }
      append_text(cell.view());
    });
  }

  Encoding encode(std::string& page) override {
    if (m_is_few) {
      const unsigned width = std::max(1U, static_cast<unsigned>(std::bit_width(m_dictionary.size() - 1)));
      page.push_back(static_cast<char>(width));
      append_packed_run(m_numbers, width, page);
      m_numbers.clear();
      m_is_dictionary_used = true;
      return Encoding::rle_dictionary;
    }
    append_delta_packed(std::span<const std::int32_t>(m_lengths), page);
    page += m_texts;
    m_lengths.clear();
    reuse(m_texts);
    return Encoding::delta_length_byte_array;
  }

  std::size_t take_dictionary(std::string& page) override {
    const std::size_t size = m_is_dictionary_used ? m_dictionary.size() : 0;
    for (std::size_t number = 0; number < size; ++number) {
      const std::string_view text = m_dictionary.text(static_cast<std::uint16_t>(number));
      page += bytes_of(static_cast<std::uint32_t>(text.size()));
      page += text;
    }
    m_dictionary.clear();
    m_is_few = true;
    m_is_dictionary_used = false;
    return size;
  }

 private:
  void append_text(std::string_view text) {
    m_lengths.push_back(static_cast<std::int32_t>(text.size()));
    m_texts += text;
  }

  /// The texts of this page get no numbers, nor do any more of this chunk.
  void become_many() {
    m_is_few = false;
    for (const std::uint16_t number : m_numbers) append_text(m_dictionary.text(number));
    m_numbers.clear();
  }

  TextDictionary m_dictionary;
  bool m_is_few = true;
  bool m_is_dictionary_used = false;
  std::vector<std::uint16_t> m_numbers;
  std::vector<std::int32_t> m_lengths;
  std::string m_texts;
};

/// Fields of PageHeader.
void append_page_header(PageType type, std::size_t unpacked_bytes, std::size_t packed_bytes, CompactWriter& writer) {
  writer.begin();
  writer.i32(1, static_cast<int>(type));
  writer.i32(2, static_cast<std::int64_t>(unpacked_bytes));
  writer.i32(3, static_cast<std::int64_t>(packed_bytes));
}

}  // namespace

void ColumnWriter::append(const VectorView& cells, std::uint64_t rows) {
  std::uint64_t nulls = 0;
  if (cells.may_have_nulls()) {
    for (std::uint64_t row = 0; row < rows; ++row) nulls += cells.is_null(row) ? 1 : 0;
  }
  if (nulls > 0 && m_levels.empty()) m_levels.assign(m_rows, 1);
  if (!m_levels.empty() || nulls > 0) {
    for (std::uint64_t row = 0; row < rows; ++row) m_levels.push_back(nulls > 0 && cells.is_null(row) ? 0 : 1);
  }
  append_values(cells, rows, rows - nulls);
  m_rows += rows;
  m_nulls += nulls;
}

void ColumnWriter::append_levels(std::string& page) const {
  if (m_nulls == 0 || m_nulls == m_rows) {
    append_repeated_run(m_rows, m_nulls == 0, page);
  } else {
    append_packed_run(m_levels, 1, page);
  }
}

void ColumnWriter::end_page(PagePacker& packer) {
  if (m_rows == 0) return;
  reuse(m_page);
  append_levels(m_page);
  const std::size_t level_bytes = m_page.size();
  // Without a value there is nothing to encode, and every reader takes nothing as PLAIN.
  const Encoding encoding = m_nulls == m_rows ? Encoding::plain : encode(m_page);
  if (m_page.size() > std::numeric_limits<std::int32_t>::max()) {
    fail(ErrorCode::unsupported,
         fmt::format("{} rows have {} bytes in one column; Parquet holds 2 GB in a page", m_rows, m_page.size()));
  }
  std::string_view values = std::string_view(m_page).substr(level_bytes);
  bool is_packed = false;
  if (m_is_packed && !values.empty()) {
    // What is hardly smaller is stored as it is, and so are the pages of this chunk behind it.
    const std::string_view packed = packer.pack(values);
    is_packed = packed.size() < values.size() - values.size() / 10;
    m_is_packed = is_packed;
    if (is_packed) values = packed;
  }
  const std::size_t before = m_pages.size();
  CompactWriter writer(m_pages);
  append_page_header(PageType::data_v2, m_page.size(), level_bytes + values.size(), writer);
  writer.begin(8);
  writer.i32(1, static_cast<std::int64_t>(m_rows));
  writer.i32(2, static_cast<std::int64_t>(m_nulls));
  writer.i32(3, static_cast<std::int64_t>(m_rows));
  writer.i32(4, static_cast<int>(encoding));
  writer.i32(5, static_cast<std::int64_t>(level_bytes));
  writer.i32(6, 0);
  writer.boolean(7, is_packed);
  writer.end();
  writer.end();
  m_chunk.unpacked_bytes += m_pages.size() - before + m_page.size();
  m_pages.append(m_page, 0, level_bytes).append(values);
  m_chunk.encodings.insert({Encoding::rle, encoding});
  m_chunk.values += m_rows;
  m_chunk.nulls += m_nulls;
  m_rows = 0;
  m_nulls = 0;
  m_levels.clear();
}

ColumnChunk ColumnWriter::end_chunk(PagePacker& packer, const std::function<void(std::string_view bytes)>& put) {
  m_page.clear();
  if (const std::size_t entries = take_dictionary(m_page); entries > 0) {
    const std::string_view packed = packer.pack(m_page);
    std::string page;
    CompactWriter writer(page);
    append_page_header(PageType::dictionary, m_page.size(), packed.size(), writer);
    writer.begin(7);
    writer.i32(1, static_cast<std::int64_t>(entries));
    writer.i32(2, static_cast<int>(Encoding::plain));
    writer.end();
    writer.end();
    m_chunk.unpacked_bytes += page.size() + m_page.size();
    m_chunk.encodings.insert(Encoding::plain);
    page += packed;
    m_chunk.dictionary_bytes = page.size();
    put(page);
  }
  put(m_pages);
  m_chunk.bytes = m_chunk.dictionary_bytes + m_pages.size();
  m_chunk.bounds = take_bounds();
  m_is_packed = true;
  reuse(m_pages);
  return std::exchange(m_chunk, {});
}

std::unique_ptr<ColumnWriter> make_column_writer(const Type& type) {
  const ColumnFormat format = format_of(type).value();
  constexpr UInt128 k_top_bit = static_cast<UInt128>(1) << 127U;
  const auto integer = [&]<typename Cell, typename Physical>(Cell, Physical) -> std::unique_ptr<ColumnWriter> {
    return std::make_unique<IntegerWriter<Cell, Physical>>(format.has_bounds);
  };
  switch (type.id) {
    case TypeId::boolean:
      return std::make_unique<BooleanWriter>();
    case TypeId::tinyint:
      return integer(std::int8_t{}, std::int32_t{});
    case TypeId::smallint:
      return integer(std::int16_t{}, std::int32_t{});
    case TypeId::integer:
    case TypeId::date:
      return integer(std::int32_t{}, std::int32_t{});
    case TypeId::utinyint:
      return integer(std::uint8_t{}, std::int32_t{});
    case TypeId::usmallint:
      return integer(std::uint16_t{}, std::int32_t{});
    case TypeId::uinteger:
      return integer(std::uint32_t{}, std::int32_t{});
    case TypeId::ubigint:
      return integer(std::uint64_t{}, std::int64_t{});
    case TypeId::float_:
      return std::make_unique<FloatWriter<float>>();
    case TypeId::double_:
      return std::make_unique<FloatWriter<double>>();
    case TypeId::decimal:
      if (format.physical == PhysicalType::fixed_len_byte_array) return std::make_unique<WideWriter>(0);
      if (format.physical == PhysicalType::int64) return integer(std::int64_t{}, std::int64_t{});
      return type.width <= k_max_width_int16 ? integer(std::int16_t{}, std::int32_t{})
                                             : integer(std::int32_t{}, std::int32_t{});
    case TypeId::uuid:
      return std::make_unique<WideWriter>(k_top_bit);
    case TypeId::varchar:
    case TypeId::blob:
      return std::make_unique<TextWriter>();
    default:
      return integer(std::int64_t{}, std::int64_t{});
  }
}

}  // namespace spillway::frame::parquet
