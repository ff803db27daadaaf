#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "measure.hpp"

namespace spillway::bench {

/// One row of a case's table: a command and what its name says it is.
struct Contender {
  std::string name;
  Command command;
};

/// A measurement and its yardsticks, which run in turn. The first contender is Spillway; ratios are its wall time
/// divided by another's.
struct Case {
  std::string name;
  std::string description;
  std::vector<Contender> contenders;
};

struct Sizes {
  std::uint64_t rows = 6'000'000;
};

/// Generates the data (seeded: the same bytes every time) unless they are there, writes the pipelines, and returns
/// the cases.
/// 16 columns like TPC-H's lineitem: 4 integers, 4 decimals, 3 dates, 5 texts, each a function of the row number.
std::string data_sql(std::uint64_t rows);
std::vector<Case> make_cases(const std::filesystem::path& folder, const Sizes& sizes);

}  // namespace spillway::bench
