#include "engine/database.hpp"

#include <string>
#include <utility>

#include <duckdb.h>
#include <fmt/format.h>

#include "engine/handles.hpp"
#include "engine/library.hpp"
#include "engine/registry.hpp"
#include "engine/sql.hpp"

namespace spillway::engine {
namespace {

/// Settings that make a run depend on its pipeline alone, not on the machine or the user's home.
constexpr std::pair<const char*, const char*> k_settings[] = {
    {"autoinstall_known_extensions", "false"},
    {"autoload_known_extensions", "false"},
    {"allow_community_extensions", "false"},
    {"allow_persistent_secrets", "false"},
    {"preserve_insertion_order", "true"},
    // It does not notice that a file was written again within a second and is as large as before.
    {"enable_external_file_cache", "false"},
};

std::string path_list(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> texts;
  texts.reserve(paths.size());
  for (const std::filesystem::path& path : paths) texts.push_back(path.string());
  return quote_list(texts);
}

ConfigHandle config_of(const DatabaseOptions& options) {
  ConfigHandle config;
  if (duckdb_create_config(config.out()) != DuckDBSuccess) fail(ErrorCode::out_of_memory, "out of memory");
  const auto set = [&](const char* name, const std::string& value) {
    if (duckdb_set_config(config.get(), name, value.c_str()) != DuckDBSuccess) {
      fail(ErrorCode::internal, fmt::format("the engine refuses setting {} = '{}'", name, value));
    }
  };
  for (const auto& [name, value] : k_settings) set(name, value);
  set("temp_directory", options.temp_directory.string());
  if (options.memory_limit_bytes != 0) set("memory_limit", fmt::format("{}KiB", options.memory_limit_bytes / 1024));
  if (options.threads != 0) set("threads", std::to_string(options.threads));
  return config;
}

void lock_down(Connection& connection, const AccessList& access) {
  connection.execute("SET GLOBAL allowed_directories = " + path_list(access.directories));
  connection.execute("SET GLOBAL allowed_paths = " + path_list(access.files));
  connection.execute("SET GLOBAL enable_external_access = false");
  connection.execute("SET GLOBAL lock_configuration = true");
}

}  // namespace

Database::Database(const DatabaseOptions& options) : m_sources(std::make_shared<SourceRegistry>()) {
  load_library();
  const ConfigHandle config = config_of(options);
  char* reason = nullptr;
  if (duckdb_open_ext(nullptr, &m_handle, config.get(), &reason) != DuckDBSuccess) {
    Error error = engine_error(reason);
    duckdb_free(reason);
    fail(std::move(error).with_context("while opening the engine"));
  }
  Connection connection = connect();
  register_source_function(connection.m_handle, m_sources);
  connection.execute("SET GLOBAL TimeZone = 'UTC'");
  if (options.access) lock_down(connection, *options.access);
}

Database::~Database() { duckdb_close(&m_handle); }

Connection Database::connect() {
  duckdb_connection handle = nullptr;
  if (duckdb_connect(m_handle, &handle) != DuckDBSuccess) fail(ErrorCode::internal, "cannot connect to the engine");
  Connection connection(handle);
  // PRAGMA, as a locked database refuses SET.
  connection.execute("PRAGMA enable_progress_bar");
  connection.execute("PRAGMA disable_print_progress_bar");
  return connection;
}

std::unique_ptr<PublishedSource> Database::publish(std::shared_ptr<ChunkSource> source) {
  return std::make_unique<PublishedSource>(m_sources, m_sources->add(std::move(source)));
}

}  // namespace spillway::engine
