#include "cases.hpp"

#include <fmt/format.h>

#include "engine/database.hpp"
#include "engine/sql.hpp"
#include "util/file.hpp"

namespace spillway::bench {
namespace fs = std::filesystem;
namespace {

using engine::quote_literal;

constexpr const char* k_filter =
    "SELECT order_key, part_key, quantity, extended_price * (1 - discount) AS net, ship_date, ship_mode, comment "
    "FROM df "
    "WHERE discount >= 0.05";
constexpr const char* k_aggregate =
    "SELECT return_flag, line_status, ship_mode, count(*) AS lines, sum(quantity) AS quantity, sum(extended_price) "
    "AS "
    "price, avg(discount) AS discount, max(ship_date) AS last FROM df GROUP BY ALL ORDER BY ALL";

void generate_csv(const fs::path& path, std::uint64_t rows) {
  if (fs::exists(path)) return;
  fmt::print(stderr, "generating {} ({} rows)\n", path.string(), rows);
  engine::Database database({});
  engine::Connection connection = database.connect();
  AtomicFile file(path, "bench");
  connection.execute(
      fmt::format("COPY ({}) TO {} (FORMAT csv, HEADER)", data_sql(rows), quote_literal(file.temp_path().string())));
  file.publish(Durability::process);
}

std::string pipeline_text(const std::string& name, const fs::path& input, const std::string& query,
                          const fs::path& output) {
  return fmt::format(R"(oml_version: "0.1.0"
name: {}
steps:
  - id: extract
    component: filesystem.csv_extractor
    config: {{path: {}}}
  - id: transform
    component: duckdb.processor
    config:
      query: "{}"
  - id: write
    component: filesystem.csv_writer
    config: {{path: {}}}
)",
                     name, input.string(), query, output.string());
}

/// A csv goes through steps that change nothing, each after the one before.
std::string chain_text(const std::string& name, const std::string& input, int steps, const std::string& output) {
  std::string text = fmt::format("oml_version: \"0.1.0\"\nname: {}\nsteps:\n", name);
  text += fmt::format("  - {{id: s0, component: filesystem.csv_extractor, config: {{path: {}}}}}\n", input);
  for (int step = 1; step < steps - 1; ++step) {
    text += fmt::format("  - {{id: s{}, needs: [s{}], component: duckdb.processor, config: {{query: FROM df}}}}\n",
                        step, step - 1);
  }
  return text +
         fmt::format("  - {{id: write, needs: [s{}], component: filesystem.csv_writer, config: {{path: {}}}}}\n",
                     steps - 2, output);
}

class CaseMaker {
 public:
  CaseMaker(fs::path folder, const Sizes& sizes) : m_folder(std::move(folder)), m_sizes(sizes) {
    spillway::create_directories(m_folder);
  }

  std::vector<Case> make() {
    const fs::path large = m_folder / fmt::format("lines_{}.csv", m_sizes.rows);
    const fs::path small = m_folder / "lines_10.csv";
    generate_csv(large, m_sizes.rows);
    generate_csv(small, 10);
    return {
        sql_case("a", "csv -> filter -> csv", large, k_filter),
        sql_case("b", "csv -> aggregate -> csv", large, k_aggregate),
        spilled_case("c", "csv -> filter -> csv, every frame spilled", large, k_filter),
        small_case("d", "three steps over ten rows", small),
        validate_case("e", "validate"),
        many_steps_case("f", "validate, 5,000 steps"),
        sandbox_case("g", "three steps over ten rows, sandboxed", 3),
        sandbox_case("h", "103 steps over ten rows, sandboxed", 103),
    };
  }

 private:
  Command spillway(const std::string& verb, const fs::path& pipeline,
                   std::map<std::string, std::string> environment) {
    return {{SPILLWAY_BINARY, verb, pipeline.string()}, std::move(environment), m_folder, {m_folder / "logs"}};
  }

  fs::path write_pipeline(const std::string& name, const fs::path& input, const std::string& query) {
    const fs::path path = m_folder / (name + ".yaml");
    write_file_atomically(path, pipeline_text(name, input, query, m_folder / (name + "_out.csv")),
                          Durability::process);
    return path;
  }

  Command yardstick(std::vector<std::string> statements) {
    statements.insert(statements.begin(), SPILLWAY_YARDSTICK);
    return {std::move(statements), {}, m_folder, {}};
  }

  static std::string replace_input(std::string query, const std::string& table) {
    const std::size_t at = query.find("FROM df");
    return query.replace(at, 7, "FROM " + table);
  }

  std::string copy_statement(const std::string& from, const std::string& name) {
    return fmt::format("COPY ({}) TO {} (FORMAT csv, HEADER)", from, quote_literal((m_folder / name).string()));
  }

  Command step_by_step(const fs::path& input, const std::string& query) {
    return yardstick({fmt::format("CREATE TABLE a AS FROM read_csv({})", quote_literal(input.string())),
                      "CREATE TABLE b AS " + replace_input(query, "a"),
                      copy_statement("FROM b", "yardstick_out.csv")});
  }

  Command fused(const fs::path& input, const std::string& query) {
    const std::string source = fmt::format("read_csv({})", quote_literal(input.string()));
    return yardstick({copy_statement(replace_input(query, source), "yardstick_out.csv")});
  }

  Case sql_case(const std::string& name, const std::string& description, const fs::path& input,
                const std::string& query) {
    return {name,
            description,
            {{"spillway", spillway("run", write_pipeline("case_" + name, input, query), {})},
             {"same statements, step by step", step_by_step(input, query)},
             {"fused into one statement", fused(input, query)}}};
  }

  Case spilled_case(const std::string& name, const std::string& description, const fs::path& input,
                    const std::string& query) {
    const fs::path pipeline = write_pipeline("case_" + name, input, query);
    return {name,
            description,
            {{"spillway, E2B_FORCE_SPILL=1", spillway("run", pipeline, {{"E2B_FORCE_SPILL", "1"}})},
             {"spillway, in memory (case a)", spillway("run", pipeline, {})}}};
  }

  Case small_case(const std::string& name, const std::string& description, const fs::path& input) {
    return {name,
            description,
            {{"spillway", spillway("run", write_pipeline("case_" + name, input, k_filter), {})},
             {"same statements, step by step", step_by_step(input, k_filter)}}};
  }

  Case validate_case(const std::string& name, const std::string& description) {
    const fs::path pipeline = write_pipeline("case_" + name, m_folder / "lines_10.csv", k_filter);
    return {name,
            description,
            {{"spillway", spillway("validate", pipeline, {})}, {"/bin/true", {{"/bin/true"}, {}, m_folder, {}}}}};
  }

  /// What a step costs more in the sandbox is the difference of two such cases.
  Case sandbox_case(const std::string& name, const std::string& description, int steps) {
    const fs::path pipeline = m_folder / ("case_" + name + ".yaml");
    write_file_atomically(pipeline,
                          chain_text("case_" + name, (m_folder / "lines_10.csv").string(), steps,
                                     (m_folder / ("case_" + name + "_out") / "out.csv").string()),
                          Durability::process);
    return {name,
            description,
            {{"spillway --sandbox", spillway("run", pipeline, {{"SPILLWAY_SANDBOX", "bwrap"}})},
             {"spillway, local", spillway("run", pipeline, {})}}};
  }

  Case many_steps_case(const std::string& name, const std::string& description) {
    constexpr int k_steps = 5000;
    const fs::path pipeline = m_folder / ("case_" + name + ".yaml");
    const std::string text = chain_text("case_" + name, "in.csv", k_steps, "out.csv");
    write_file_atomically(pipeline, text, Durability::process);
    return {name,
            description,
            {{"spillway", spillway("validate", pipeline, {})}, {"/bin/true", {{"/bin/true"}, {}, m_folder, {}}}}};
  }

  fs::path m_folder;
  Sizes m_sizes;
};

}  // namespace

std::string data_sql(std::uint64_t rows) {
  return fmt::format(R"sql(
    SELECT n // 4 + 1 AS order_key, hash(n) % 200000 + 1 AS part_key, hash(n + 1) % 10000 + 1 AS supplier_key,
      n % 4 + 1 AS line_number,
      CAST(hash(n + 2) % 50 + 1 AS DECIMAL(15, 2)) AS quantity,
      CAST((hash(n + 3) % 10000000 + 90000) / 100.0 AS DECIMAL(15, 2)) AS extended_price,
      CAST(hash(n + 4) % 11 / 100.0 AS DECIMAL(15, 2)) AS discount,
      CAST(hash(n + 5) % 9 / 100.0 AS DECIMAL(15, 2)) AS tax,
      substr('ANR', CAST(hash(n + 6) % 3 + 1 AS INTEGER), 1) AS return_flag,
      substr('OF', CAST(hash(n + 7) % 2 + 1 AS INTEGER), 1) AS line_status,
      DATE '1992-01-02' + CAST(hash(n + 8) % 2500 AS INTEGER) AS ship_date,
      DATE '1992-01-31' + CAST(hash(n + 9) % 2500 AS INTEGER) AS commit_date,
      DATE '1992-01-04' + CAST(hash(n + 10) % 2500 AS INTEGER) AS receipt_date,
      ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'][CAST(hash(n + 11) % 4 + 1 AS INTEGER)] AS instructions,
      ['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'][CAST(hash(n + 12) % 7 + 1 AS INTEGER)] AS ship_mode,
      substr('carefully final deposits sleep quickly above the ironic packages, even requests haggle',
             CAST(hash(n + 13) % 40 + 1 AS INTEGER), CAST(hash(n + 14) % 34 + 10 AS INTEGER)) AS comment
    FROM range({}) AS rows(n))sql",
                     rows);
}

std::vector<Case> make_cases(const fs::path& folder, const Sizes& sizes) { return CaseMaker(folder, sizes).make(); }

}  // namespace spillway::bench
