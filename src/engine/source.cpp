#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <utility>

#include <duckdb.h>
#include <fmt/format.h>

#include "engine/database.hpp"
#include "engine/handles.hpp"
#include "engine/registry.hpp"
#include "engine/sql.hpp"

namespace spillway::engine {
namespace {

constexpr const char* k_function_name = "spillway_source";

using Entry = SourceRegistry::Entry;

std::string parameter_text(duckdb_bind_info info) {
  const ValueHandle value(duckdb_bind_get_parameter(info, 0));
  char* text = duckdb_get_varchar(value.get());
  std::string token = text == nullptr ? "" : text;
  duckdb_free(text);
  return token;
}

struct BindData {
  std::shared_ptr<Entry> entry;
};

struct LocalData {
  std::unique_ptr<ChunkReader> reader;
};

Entry& entry_of(void* bind_data) { return *static_cast<BindData*>(bind_data)->entry; }

/// Keeps the Error for PublishedSource::error and gives its text to the engine.
template <typename Info>
void report(Entry& entry, Info info, void (*set_error)(Info, const char*)) {
  Error error = current_error();
  set_error(info, error.full_message().c_str());
  const std::scoped_lock lock(entry.mutex);
  if (!entry.error) entry.error = std::move(error);
}

void bind(duckdb_bind_info info) {
  auto& registry = **static_cast<std::shared_ptr<SourceRegistry>*>(duckdb_bind_get_extra_info(info));
  std::shared_ptr<Entry> entry = registry.find(parameter_text(info));
  if (entry == nullptr) {
    duckdb_bind_set_error(info, "spillway_source: no such source");
    return;
  }
  for (const Column& column : entry->source->schema()) {
    duckdb_bind_add_result_column(info, column.name.c_str(), handle_of(column.type).get());
  }
  if (const auto rows = entry->source->row_estimate()) duckdb_bind_set_cardinality(info, *rows, false);
  duckdb_bind_set_bind_data(info, new BindData{std::move(entry)},
                            [](void* data) { delete static_cast<BindData*>(data); });
}

void init(duckdb_init_info info) {
  Entry& entry = entry_of(duckdb_init_get_bind_data(info));
  if (entry.started.exchange(true)) {
    duckdb_init_set_error(info, entry.source->read_again_error().full_message().c_str());
    return;
  }
  duckdb_init_set_max_threads(info, entry.source->max_readers());
}

void init_local(duckdb_init_info info) {
  Entry& entry = entry_of(duckdb_init_get_bind_data(info));
  try {
    duckdb_init_set_init_data(info, new LocalData{entry.source->open_reader()},
                              [](void* data) { delete static_cast<LocalData*>(data); });
  } catch (...) {
    report(entry, info, duckdb_init_set_error);
  }
}

void read(duckdb_function_info info, duckdb_data_chunk output) {
  Entry& entry = entry_of(duckdb_function_get_bind_data(info));
  try {
    ChunkWriter writer(output, entry.source->schema());
    auto* local = static_cast<LocalData*>(duckdb_function_get_local_init_data(info));
    duckdb_data_chunk_set_size(output, local->reader->read(writer));
  } catch (...) {
    report(entry, info, duckdb_function_set_error);
  }
}

}  // namespace

std::string SourceRegistry::add(std::shared_ptr<ChunkSource> source) {
  // SQL written by others runs in the same database: a token must not be guessable.
  std::random_device random;
  std::string token = fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
  auto entry = std::make_shared<Entry>();
  entry->source = std::move(source);
  const std::scoped_lock lock(m_mutex);
  m_entries.emplace(token, std::move(entry));
  return token;
}

std::shared_ptr<Entry> SourceRegistry::find(const std::string& token) {
  const std::scoped_lock lock(m_mutex);
  const auto entry = m_entries.find(token);
  return entry == m_entries.end() ? nullptr : entry->second;
}

void SourceRegistry::remove(const std::string& token) {
  const std::scoped_lock lock(m_mutex);
  m_entries.erase(token);
}

void register_source_function(duckdb_connection connection, const std::shared_ptr<SourceRegistry>& registry) {
  Handle<duckdb_table_function, duckdb_destroy_table_function> function(duckdb_create_table_function());
  duckdb_table_function_set_name(function.get(), k_function_name);
  const LogicalTypeHandle text(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  duckdb_table_function_add_parameter(function.get(), text.get());
  duckdb_table_function_set_extra_info(function.get(), new std::shared_ptr<SourceRegistry>(registry), [](void* data) {
    delete static_cast<std::shared_ptr<SourceRegistry>*>(data);
  });
  duckdb_table_function_set_bind(function.get(), bind);
  duckdb_table_function_set_init(function.get(), init);
  duckdb_table_function_set_local_init(function.get(), init_local);
  duckdb_table_function_set_function(function.get(), read);
  if (duckdb_register_table_function(connection, function.get()) != DuckDBSuccess) {
    fail(ErrorCode::internal, "cannot register the engine's source function");
  }
}

PublishedSource::PublishedSource(std::shared_ptr<SourceRegistry> registry, std::string token)
    : m_registry(std::move(registry)), m_token(std::move(token)) {}

PublishedSource::~PublishedSource() { m_registry->remove(m_token); }

std::string PublishedSource::from_item() const {
  return fmt::format("{}({})", k_function_name, quote_literal(m_token));
}

std::optional<Error> PublishedSource::error() const {
  const std::shared_ptr<Entry> entry = m_registry->find(m_token);
  const std::scoped_lock lock(entry->mutex);
  return entry->error;
}

}  // namespace spillway::engine
