#include "drivers/sql/staging.hpp"

#include <fmt/format.h>

#include "util/sha256.hpp"

namespace spillway::drivers::sql {
namespace {

constexpr std::size_t k_owner_digits = 16;
constexpr std::size_t k_session_digits = 16;

/// Sessions are named by whoever starts the run: any length, any character.
std::string session_digits(std::string_view session_id) { return sha256_hex(session_id).substr(0, k_session_digits); }

}  // namespace

std::string staging_prefix(std::string_view pipeline_id, std::string_view step_id) {
  std::string owner(pipeline_id);
  owner += '\0';
  owner += step_id;
  return fmt::format("_spillway_{}_", sha256_hex(owner).substr(0, k_owner_digits));
}

std::string staging_table(std::string_view pipeline_id, std::string_view step_id, std::string_view session_id) {
  return staging_prefix(pipeline_id, step_id) + session_digits(session_id);
}

bool is_stale_staging(std::string_view table, std::string_view prefix, std::string_view session_id) {
  return table.starts_with(prefix) && table.size() == prefix.size() + k_session_digits &&
         table.substr(prefix.size()) != session_digits(session_id);
}

}  // namespace spillway::drivers::sql
