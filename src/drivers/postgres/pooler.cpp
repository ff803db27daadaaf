#include "drivers/postgres/pooler.hpp"

#include <array>

namespace spillway::drivers::postgres {
namespace {

struct Row {
  std::string_view words;
  PoolerRefusal refusal;
};

constexpr std::string_view k_no_connection_left =
    "the pooler has no connection left: wait for others to end, give 'partition' fewer parts, or make the pool "
    "larger";
constexpr std::string_view k_project_in_user =
    "the user of Supabase's pooler has the project behind it: postgres.abcdefghijkl; copy the dsn from the project's "
    "page";
constexpr std::string_view k_no_options =
    "a pooler sets nothing when it connects: leave options out of the dsn; the connection's schema is for the search "
    "path";

constexpr std::array k_rows{
    // Said after a minute or two: once is enough.
    Row{"query_wait_timeout", {false, k_no_connection_left}},
    Row{"ECHECKOUTTIMEOUT", {false, k_no_connection_left}},
    Row{"no more connections allowed", {true, k_no_connection_left}},
    Row{"max clients reached", {true, k_no_connection_left}},
    Row{"max client connections reached", {true, k_no_connection_left}},
    Row{"Max client connections reached", {true, k_no_connection_left}},
    Row{"Tenant or user not found", {false, k_project_in_user}},
    Row{"(ENOTFOUND) tenant/user", {false, k_project_in_user}},
    Row{"unsupported startup parameter", {false, k_no_options}},
};

}  // namespace

std::optional<PoolerRefusal> pooler_refusal(std::string_view reason) {
  for (const Row& row : k_rows) {
    if (reason.find(row.words) != std::string_view::npos) return row.refusal;
  }
  return std::nullopt;
}

}  // namespace spillway::drivers::postgres
