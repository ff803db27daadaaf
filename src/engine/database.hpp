#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/connection.hpp"
#include "engine/source.hpp"

struct _duckdb_database;

namespace spillway::engine {

/// The files that statements may touch: whole folders, and single files. Absolute paths.
struct AccessList {
  std::vector<std::filesystem::path> directories;
  std::vector<std::filesystem::path> files;
};

struct DatabaseOptions {
  std::uint64_t memory_limit_bytes = 0;       ///< of the engine's buffers; 0: the engine's default
  std::uint32_t threads = 0;                  ///< 0: the engine's default
  std::filesystem::path temp_directory = {};  ///< for what exceeds the memory limit; empty: nowhere, so it fails
  /// Confines every statement to these files and freezes the configuration; there is no way back. Unset: no limits.
  std::optional<AccessList> access = {};
};

class SourceRegistry;

/// A ChunkSource that statements of one Database can read, once, as long as this handle lives.
class PublishedSource {
 public:
  PublishedSource(std::shared_ptr<SourceRegistry> registry, std::string token);
  PublishedSource(const PublishedSource&) = delete;
  PublishedSource& operator=(const PublishedSource&) = delete;
  ~PublishedSource();

  /// The SQL text that stands for the source behind FROM.
  std::string from_item() const;
  /// What the source itself threw, if it did: the engine reports only its text.
  std::optional<Error> error() const;

 private:
  std::shared_ptr<SourceRegistry> m_registry;
  std::string m_token;
};

/// An in-memory DuckDB with nothing left to chance: no extensions loaded or fetched, no persistent secrets, UTC,
/// insertion order kept. Thread-safe; owns the engine's threads.
class Database {
 public:
  explicit Database(const DatabaseOptions& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// A new connection that reports progress. Temporary views and tables made on it are its own and end with it.
  Connection connect();
  /// Makes `source` readable by this database's statements.
  std::unique_ptr<PublishedSource> publish(std::shared_ptr<ChunkSource> source);

 private:
  _duckdb_database* m_handle = nullptr;
  std::shared_ptr<SourceRegistry> m_sources;
};

}  // namespace spillway::engine
