#include "db_cases.hpp"

#include <fmt/format.h>

#include "engine/database.hpp"
#include "engine/sql.hpp"
#include "support/database_server.hpp"
#include "util/file.hpp"

namespace spillway::bench {
namespace fs = std::filesystem;
namespace {

using testing::MariadbServer;
using testing::PostgresServer;

constexpr const char* k_read = R"(
  - id: extract
    component: {}.extractor
    config: {{table: lines{}}}
)";
constexpr const char* k_stream = R"(
  - id: extract
    component: postgres.extractor
    materialize: stream
    config: {table: lines}
)";
constexpr const char* k_frame = R"(
  - id: frame
    component: filesystem.parquet_extractor
    config: {{path: {}}}
)";
constexpr const char* k_write = R"(
  - id: write
    component: {}.writer
    config: {{table: {}, write_mode: truncate, create_if_missing: true}}
)";

/// Integers are signed in a database.
std::string db_data_sql(std::uint64_t rows) {
  return fmt::format(
      "SELECT * REPLACE (CAST(part_key AS BIGINT) AS part_key, CAST(supplier_key AS BIGINT) AS supplier_key, "
      "CAST(line_number AS INTEGER) AS line_number) FROM ({})",
      data_sql(rows));
}

/// The frame is there before it is written.
Command write_step(Command command) {
  command.measured_step = "write";
  return command;
}

}  // namespace

std::vector<std::string> db_case_names() {
  return {"postgres-read",       "postgres-read-2", "postgres-write", "postgres-copy",
          "postgres-copy-frame", "mysql-read",      "mysql-read-2",   "mysql-write"};
}

DbCases::DbCases(fs::path folder, const Sizes& sizes)
    : m_folder(std::move(folder)), m_sizes(sizes), m_parquet(m_folder / fmt::format("lines_{}.parquet", sizes.rows)) {
  spillway::create_directories(m_folder);
  if (fs::exists(m_parquet)) return;
  fmt::print(stderr, "generating {}\n", m_parquet.string());
  engine::Database database({});
  AtomicFile file(m_parquet, "bench");
  database.connect().execute(fmt::format("COPY ({}) TO {} (FORMAT parquet)", db_data_sql(sizes.rows),
                                         engine::quote_literal(file.temp_path().string())));
  file.publish(Durability::process);
}

DbCases::~DbCases() = default;

Command DbCases::spillway(const std::string& name, const std::string& steps, Frames frames) const {
  const fs::path pipeline = m_folder / (name + ".yaml");
  write_file_atomically(pipeline, fmt::format("oml_version: \"0.1.0\"\nname: {}\nsteps:{}", name, steps),
                        Durability::process);
  Command command{{SPILLWAY_BINARY, "run", pipeline.string()},
                  {{"BENCH_PASSWORD", PostgresServer::k_password}},
                  m_folder,
                  {m_folder / "logs"}};
  // Otherwise the engine reads ahead of what it compresses for as long as there is memory.
  command.environment["SPILLWAY_MEMORY_LIMIT"] = "300MB";
  if (frames == Frames::spilled) command.environment["E2B_FORCE_SPILL"] = "1";
  return command;
}

std::string DbCases::psql_text() const {
  return fmt::format("psql -X -q -h {} -p {} -U {} -d {}", m_postgres->socket_folder().string(), m_postgres->port(),
                     PostgresServer::k_user, PostgresServer::k_database);
}

Command DbCases::shell(const std::string& script) const {
  return {{"/bin/sh", "-c", script},
          {{"PGPASSWORD", PostgresServer::k_password}, {"MYSQL_PWD", MariadbServer::k_password}},
          m_folder,
          {}};
}

void DbCases::load_postgres() {
  m_postgres =
      std::make_unique<PostgresServer>(std::vector<std::string>{"max_wal_size=16GB", "shared_buffers=512MB"});
  write_file_atomically(
      m_folder / "spillway_connections.yaml",
      fmt::format("connections:\n  postgres:\n    main: {{socket: {}, port: {}, user: {}, database: {}, password: "
                  "\"${{BENCH_PASSWORD}}\"}}\n",
                  m_postgres->socket_folder().string(), m_postgres->port(), PostgresServer::k_user,
                  PostgresServer::k_database),
      Durability::process);
  fmt::print(stderr, "filling the server\n");
  run(spillway("load", fmt::format(k_frame, m_parquet.string()) + fmt::format(k_write, "postgres", "lines"),
               Frames::spilled));
  m_postgres->sql(
      "VACUUM ANALYZE lines; CREATE TABLE written (LIKE lines); CREATE TABLE written_by_psql (LIKE lines)");
  run(shell(psql_text() + " -c '\\copy lines TO lines.pgcopy WITH (FORMAT binary)'"));
}

std::vector<Case> DbCases::postgres() {
  load_postgres();
  const Command read_all =
      shell(psql_text() + " -c 'COPY (SELECT * FROM lines) TO STDOUT (FORMAT binary)' > /dev/null");
  const std::string fill = " --single-transaction -c 'TRUNCATE written_by_psql' -c ";
  const Command pipe = shell(psql_text() + " -c 'COPY lines TO STDOUT (FORMAT binary)' | " + psql_text() + fill +
                             "'COPY written_by_psql FROM STDIN (FORMAT binary)'");
  return {
      {"postgres-read",
       "PostgreSQL -> Parquet",
       {{"spillway, E2B_FORCE_SPILL=1, 300 MB",
         spillway("read", fmt::format(k_read, "postgres", ""), Frames::spilled)},
        {"psql, COPY TO STDOUT (FORMAT binary)", read_all}}},
      {"postgres-read-2",
       "PostgreSQL -> Parquet, two partitions",
       {{"spillway, E2B_FORCE_SPILL=1, 300 MB",
         spillway("read_2", fmt::format(k_read, "postgres", ", partition: {parts: 2}"), Frames::spilled)},
        {"psql, COPY TO STDOUT (FORMAT binary)", read_all}}},
      {"postgres-write",
       "frame -> PostgreSQL",
       {{"spillway, E2B_FORCE_SPILL=1, 300 MB",
         write_step(spillway("write",
                             fmt::format(k_frame, m_parquet.string()) + fmt::format(k_write, "postgres", "written"),
                             Frames::spilled))},
        {"psql, \\copy FROM a binary file",
         shell(psql_text() + fill + "'\\copy written_by_psql FROM lines.pgcopy WITH (FORMAT binary)'")}}},
      {"postgres-copy",
       "PostgreSQL -> PostgreSQL",
       {{"spillway, materialize: stream, 300 MB",
         spillway("copy", k_stream + fmt::format(k_write, "postgres", "written"), Frames::none)},
        {"psql | psql, binary COPY", pipe}}},
      {"postgres-copy-frame",
       "PostgreSQL -> frame -> PostgreSQL",
       {{"spillway, E2B_FORCE_SPILL=1, 300 MB",
         spillway("copy_frame", fmt::format(k_read, "postgres", "") + fmt::format(k_write, "postgres", "written"),
                  Frames::spilled)},
        {"psql | psql, binary COPY", pipe}}},
  };
}

std::string DbCases::mariadb_text() const {
  return fmt::format("mariadb --no-defaults --local-infile=1 --socket={} --user={} {}", m_mariadb->socket().string(),
                     MariadbServer::k_user, MariadbServer::k_database);
}

void DbCases::load_mariadb() {
  m_mariadb = std::make_unique<MariadbServer>(
      std::vector<std::string>{"innodb-buffer-pool-size=1G", "innodb-log-file-size=2G"});
  write_file_atomically(
      m_folder / "spillway_connections.yaml",
      fmt::format("connections:\n  mysql:\n    main: {{socket: {}, user: {}, database: {}, password: "
                  "\"${{BENCH_PASSWORD}}\"}}\n",
                  m_mariadb->socket().string(), MariadbServer::k_user, MariadbServer::k_database),
      Durability::process);
  fmt::print(stderr, "filling the server\n");
  run(spillway("load", fmt::format(k_frame, m_parquet.string()) + fmt::format(k_write, "mysql", "lines"),
               Frames::spilled));
  m_mariadb->sql(
      "ALTER TABLE `lines` ADD PRIMARY KEY (order_key, line_number); ANALYZE TABLE `lines`; CREATE TABLE written "
      "LIKE "
      "`lines`; CREATE TABLE written_by_mariadb LIKE `lines`");
  run(shell(mariadb_text() + " --quick --batch --skip-column-names -e 'SELECT * FROM `lines`' > lines.tsv"));
}

std::vector<Case> DbCases::mysql() {
  load_mariadb();
  const Command read_all = shell(mariadb_text() + " --quick --batch -e 'SELECT * FROM `lines`' > /dev/null");
  const std::string fill = "LOAD DATA LOCAL INFILE \"lines.tsv\" INTO TABLE written_by_mariadb CHARACTER SET utf8mb4";
  return {
      {"mysql-read",
       "MariaDB -> Parquet",
       {{"spillway, E2B_FORCE_SPILL=1, 300 MB", spillway("read", fmt::format(k_read, "mysql", ""), Frames::spilled)},
        {"mariadb --quick --batch", read_all}}},
      {"mysql-read-2",
       "MariaDB -> Parquet, two partitions",
       {{"spillway, E2B_FORCE_SPILL=1, 300 MB",
         spillway("read_2", fmt::format(k_read, "mysql", ", partition: {column: order_key, parts: 2}"),
                  Frames::spilled)},
        {"mariadb --quick --batch", read_all}}},
      {"mysql-write",
       "frame -> MariaDB",
       {{"spillway, E2B_FORCE_SPILL=1, 300 MB",
         write_step(spillway("write",
                             fmt::format(k_frame, m_parquet.string()) + fmt::format(k_write, "mysql", "written"),
                             Frames::spilled))},
        {"mariadb, LOAD DATA LOCAL of a file",
         shell(mariadb_text() +
               fmt::format(" -e 'START TRANSACTION; DELETE FROM written_by_mariadb; {}; COMMIT'", fill))}}},
  };
}

}  // namespace spillway::bench
