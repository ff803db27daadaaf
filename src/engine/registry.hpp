#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <duckdb.h>

#include "engine/source.hpp"
#include "util/error.hpp"

/// Private to engine/: the sources that one Database's statements can read, by token. Thread-safe.
namespace spillway::engine {

class SourceRegistry {
 public:
  struct Entry {
    std::shared_ptr<ChunkSource> source;
    std::atomic<bool> started{false};
    std::mutex mutex;
    std::optional<Error> error;
  };

  std::string add(std::shared_ptr<ChunkSource> source);
  std::shared_ptr<Entry> find(const std::string& token);
  void remove(const std::string& token);

 private:
  std::mutex m_mutex;
  std::map<std::string, std::shared_ptr<Entry>> m_entries;
};

/// Registers the table function through which SQL reads the registry's sources.
void register_source_function(duckdb_connection connection, const std::shared_ptr<SourceRegistry>& registry);

}  // namespace spillway::engine
