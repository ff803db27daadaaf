#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/type.hpp"
#include "engine/vector.hpp"
#include "frame/parquet/format.hpp"
#include "frame/parquet/page_packer.hpp"

namespace spillway::frame::parquet {

/// What the footer tells of a column in a row group.
struct ColumnChunk {
  std::set<Encoding> encodings;
  std::uint64_t values = 0;  ///< NULLs included
  std::uint64_t nulls = 0;
  std::uint64_t dictionary_bytes = 0;  ///< of the dictionary page, which comes first; 0: there is none
  std::uint64_t bytes = 0;             ///< of all pages with their headers
  std::uint64_t unpacked_bytes = 0;    ///< the same before compression
  /// The least and the greatest value, as PLAIN stores one; nothing where readers could not use them.
  std::optional<std::pair<std::string, std::string>> bounds;
};

/// Collects the cells of one column: those of a page as they are, then pages, encoded and compressed, then a column
/// chunk. Which encoding depends on the type: numbers as differences, floating point numbers byte by byte, texts by a
/// dictionary for as long as they are few, then as they are.
class ColumnWriter {
 public:
  virtual ~ColumnWriter() = default;

  void append(const engine::VectorView& cells, std::uint64_t rows);
  /// What the cells take that are not in a page yet.
  virtual std::size_t pending_bytes() const = 0;
  /// Makes a page of them. Throws when it would be larger than the format allows, 2 GB.
  void end_page(PagePacker& packer);
  /// What the pages of this chunk take.
  std::size_t page_bytes() const { return m_pages.size(); }
  /// What all cells of this chunk take before compression.
  std::size_t unpacked_bytes() const { return m_chunk.unpacked_bytes + pending_bytes(); }
  /// Makes a column chunk of all pages, which go through `put` in the order of the file; the next page begins
  /// another.
  ColumnChunk end_chunk(PagePacker& packer, const std::function<void(std::string_view bytes)>& put);

 protected:
  /// The cells that are not NULL, `values` of them.
  virtual void append_values(const engine::VectorView& cells, std::uint64_t rows, std::uint64_t values) = 0;
  /// Appends the values that are not in a page yet, of which there is at least one, and forgets them.
  virtual Encoding encode(std::string& page) = 0;
  virtual std::optional<std::pair<std::string, std::string>> take_bounds() { return std::nullopt; }
  /// How many entries `page` got of a dictionary that pages of this chunk refer to; 0 without one.
  virtual std::size_t take_dictionary([[maybe_unused]] std::string& page) { return 0; }

 private:
  void append_levels(std::string& page) const;

  ColumnChunk m_chunk;
  std::string m_pages;
  std::uint64_t m_rows = 0;  ///< these three: of the page to come
  std::uint64_t m_nulls = 0;
  std::vector<std::uint16_t> m_levels;  ///< 1: has a value, 0: NULL; empty as long as all have one
  std::string m_page;
  bool m_is_packed = true;  ///< whether compressing the pages of this chunk gained something
};

/// For a type that has a format.
std::unique_ptr<ColumnWriter> make_column_writer(const engine::Type& type);

}  // namespace spillway::frame::parquet
