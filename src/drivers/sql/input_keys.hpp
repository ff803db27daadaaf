#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Why an upsert cannot take its input: in the same words, wherever the rows were looked at.
namespace spillway::drivers::sql {

/// So many of the keys that are there twice are shown: ask for one more, which tells that there are others.
constexpr std::size_t k_shown_keys = 5;

/// A key that is NULL is no key: the row would be added again by each run. Throws bad_data unless there are none.
void check_no_null_keys(std::uint64_t rows_without_key, const std::vector<std::string>& primary_key);

/// A key that is there twice leaves open which of its rows counts. `found` has the keys as texts and how often each
/// is there, k_shown_keys + 1 rows at most. Throws bad_data unless it is empty.
void check_no_repeated_keys(const std::vector<std::vector<std::optional<std::string>>>& found,
                            const std::vector<std::string>& primary_key);

}  // namespace spillway::drivers::sql
