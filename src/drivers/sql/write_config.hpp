#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/sql/table_name.hpp"

namespace spillway::drivers::sql {

enum class WriteMode {
  append,    ///< the rows are added
  replace,   ///< the rows take the place of all there were; the table is locked only at the end
  upsert,    ///< rows whose key is there update that row, the others are added
  truncate,  ///< the table is emptied and filled, locked all the while
};
enum class OnConflict { update, ignore };  ///< what an upsert does to a row whose key is there
enum class Duplicates { fail, last };      ///< what becomes of a key that the input holds twice
enum class OnSchemaChange { fail, evolve, ignore };

std::string_view to_string(WriteMode mode);

/// The options that the writers of all database families have.
struct WriteConfig {
  TableName table;
  WriteMode mode = WriteMode::append;
  std::vector<std::string> primary_key = {};
  bool create_if_missing = false;
  std::uint64_t batch_size = 0;  ///< rows between two reports of progress
  OnConflict on_conflict = OnConflict::update;
  Duplicates duplicates = Duplicates::fail;
  OnSchemaChange on_schema_change = OnSchemaChange::fail;
};

/// Reads a writer's config. Throws invalid_config on what only goes together wrongly: an upsert without a key, a key
/// named twice.
WriteConfig read_write_config(const StepContext& context);

}  // namespace spillway::drivers::sql
