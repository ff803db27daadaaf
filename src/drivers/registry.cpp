#include "drivers/registry.hpp"

#include "drivers/duckdb/processor.hpp"
#include "drivers/file/csv_extractor.hpp"
#include "drivers/file/csv_writer.hpp"
#include "drivers/file/json_extractor.hpp"
#include "drivers/file/json_writer.hpp"
#include "drivers/file/parquet_extractor.hpp"
#include "drivers/file/parquet_writer.hpp"
#include "drivers/inspector.hpp"
#include "drivers/mysql/extractor.hpp"
#include "drivers/mysql/inspector.hpp"
#include "drivers/mysql/writer.hpp"
#include "drivers/postgres/extractor.hpp"
#include "drivers/postgres/inspector.hpp"
#include "drivers/postgres/writer.hpp"
#include "drivers/supabase/extractor.hpp"
#include "drivers/supabase/inspector.hpp"
#include "drivers/supabase/writer.hpp"

namespace spillway::drivers {

DriverRegistry builtin_drivers() {
  DriverRegistry registry;
  registry["duckdb.processor"] = std::make_unique<duckdb::Processor>();
  registry["filesystem.csv_extractor"] = std::make_unique<file::CsvExtractor>();
  registry["filesystem.csv_writer"] = std::make_unique<file::CsvWriter>();
  registry["filesystem.json_extractor"] = std::make_unique<file::JsonExtractor>();
  registry["filesystem.json_writer"] = std::make_unique<file::JsonWriter>();
  registry["filesystem.parquet_extractor"] = std::make_unique<file::ParquetExtractor>();
  registry["filesystem.parquet_writer"] = std::make_unique<file::ParquetWriter>();
  registry["mysql.extractor"] = std::make_unique<mysql::Extractor>();
  registry["mysql.writer"] = std::make_unique<mysql::Writer>();
  registry["postgres.extractor"] = std::make_unique<postgres::Extractor>();
  registry["postgres.writer"] = std::make_unique<postgres::Writer>();
  registry["supabase.extractor"] = std::make_unique<supabase::Extractor>(std::make_unique<postgres::Extractor>());
  registry["supabase.writer"] = std::make_unique<supabase::Writer>(std::make_unique<postgres::Writer>());
  return registry;
}

InspectorRegistry builtin_inspectors() {
  InspectorRegistry registry;
  registry["mysql"] = std::make_unique<mysql::MysqlInspector>();
  registry["postgres"] = std::make_unique<postgres::PostgresInspector>();
  registry["supabase"] =
      std::make_unique<supabase::SupabaseInspector>(std::make_unique<postgres::PostgresInspector>());
  return registry;
}

}  // namespace spillway::drivers
