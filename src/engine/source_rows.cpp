#include <vector>

#include <duckdb.h>

#include "engine/handles.hpp"
#include "engine/source.hpp"

namespace spillway::engine {
namespace {

duckdb_data_chunk make_chunk(const Schema& schema) {
  std::vector<LogicalTypeHandle> handles;
  std::vector<duckdb_logical_type> types;
  for (const Column& column : schema) types.push_back(handles.emplace_back(handle_of(column.type)).get());
  return duckdb_create_data_chunk(types.data(), types.size());
}

}  // namespace

SourceRows::SourceRows(ChunkSource& source)
    : m_schema(source.schema()), m_reader(source.open_reader()), m_chunk(make_chunk(m_schema)) {}

SourceRows::~SourceRows() { duckdb_destroy_data_chunk(&m_chunk); }

std::uint64_t SourceRows::next() {
  m_columns.clear();
  duckdb_data_chunk_reset(m_chunk);
  ChunkWriter writer(m_chunk, m_schema);
  const std::uint64_t rows = m_reader->read(writer);
  for (std::size_t i = 0; i < m_schema.size(); ++i) {
    m_columns.emplace_back(duckdb_data_chunk_get_vector(m_chunk, i), m_schema[i].type);
  }
  return rows;
}

}  // namespace spillway::engine
