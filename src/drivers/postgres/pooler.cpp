#include "drivers/postgres/pooler.hpp"

#include <array>

namespace spillway::drivers::postgres {
namespace {

struct Saying {
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

constexpr std::array k_sayings{
    // Said after a minute or two: once is enough.
    Saying{"query_wait_timeout", {false, k_no_connection_left}},
    Saying{"ECHECKOUTTIMEOUT", {false, k_no_connection_left}},
    Saying{"no more connections allowed", {true, k_no_connection_left}},
    Saying{"max clients reached", {true, k_no_connection_left}},
    Saying{"max client connections reached", {true, k_no_connection_left}},
    Saying{"Max client connections reached", {true, k_no_connection_left}},
    Saying{"Tenant or user not found", {false, k_project_in_user}},
    Saying{"(ENOTFOUND) tenant/user", {false, k_project_in_user}},
    Saying{"unsupported startup parameter", {false, k_no_options}},
};

}  // namespace

std::optional<PoolerRefusal> pooler_refusal(std::string_view reason) {
  for (const Saying& saying : k_sayings) {
    if (reason.find(saying.words) != std::string_view::npos) return saying.refusal;
  }
  return std::nullopt;
}

}  // namespace spillway::drivers::postgres
