#include "cli/project_template.hpp"

#include <array>

namespace spillway::cli {
namespace {

constexpr std::string_view k_pipeline = R"(oml_version: "0.1.0"
name: revenue
description: Revenue by country, from the orders in data/orders.csv

steps:
  - id: extract-orders
    component: filesystem.csv_extractor
    config:
      path: data/orders.csv

  - id: sum-up
    component: duckdb.processor
    needs: [extract-orders]
    config:
      query: |
        SELECT country, count(*) AS orders, sum(amount) AS revenue
        FROM df
        GROUP BY country
        ORDER BY revenue DESC

  - id: write-revenue
    component: filesystem.csv_writer
    needs: [sum-up]
    config:
      path: out/revenue.csv
)";

constexpr std::string_view k_connections =
    R"(# Databases and services that steps name as @family.alias. Values come from the environment, or from .env in this
# folder (see .env.example): ${VARIABLE}, ${VARIABLE:-default}, ${file:PATH}. This file holds no secret itself, so it
# can be committed.
connections: {}
# connections:
#   mysql:
#     main:
#       default: true
#       host: ${MYSQL_HOST:-localhost}
#       user: ${MYSQL_USER}
#       password: ${MYSQL_PASSWORD}
#       database: shop
)";

constexpr std::string_view k_env_example =
    R"(# Copy to .env, which git ignores. What is exported already stays as it is.
# MYSQL_USER=
# MYSQL_PASSWORD=
)";

constexpr std::string_view k_gitignore = R"(.env
build/
logs/
out/
)";

constexpr std::string_view k_orders = R"(id,country,amount
1,DE,20
2,CZ,5
3,DE,7
4,FR,42
5,CZ,11
6,FR,4
)";

constexpr std::array k_template{
    TemplateFile{"pipeline.yaml", k_pipeline}, TemplateFile{"spillway_connections.yaml", k_connections},
    TemplateFile{"data/orders.csv", k_orders}, TemplateFile{".env.example", k_env_example},
    TemplateFile{".gitignore", k_gitignore},
};

}  // namespace

std::span<const TemplateFile> project_template() { return k_template; }

}  // namespace spillway::cli
