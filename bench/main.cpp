// Measures Spillway against the same work done by DuckDB alone. See bench/README.md.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cases.hpp"
#include "db_cases.hpp"
#include "e2b_cases.hpp"
#include "report.hpp"
#include "util/strings.hpp"

namespace {

constexpr const char* k_usage =
    "usage: spillway_bench [--rows N] [--rounds N] [--json] [CASE...]\n"
    "  cases: a to h (default: all of these); db for those of the databases, or one of them, e.g. postgres-read;\n"
    "  e2b for those of E2B, or one of them, e.g. e2b-warm\n";

struct Options {
  spillway::bench::Sizes sizes;
  int rounds = 5;
  bool json = false;
  std::vector<std::string> cases;
  std::vector<std::string> db_cases;   ///< "db" stands for all of them
  std::vector<std::string> e2b_cases;  ///< and so does "e2b"
};

bool is_db_case(const std::string& name) {
  const std::vector<std::string> names = spillway::bench::db_case_names();
  return std::ranges::find(names, name) != names.end();
}

bool is_e2b_case(const std::string& name) {
  const std::vector<std::string> names = spillway::bench::e2b_case_names();
  return std::ranges::find(names, name) != names.end();
}

bool is_chosen(const std::vector<std::string>& chosen, const std::string& name) {
  return std::ranges::find(chosen, name) != chosen.end();
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto number = i + 1 < argc ? spillway::parse_uint(argv[i + 1]) : std::nullopt;
    if (argument == "--rows" && number) {
      options.sizes.rows = *number;
      ++i;
    } else if (argument == "--rounds" && number) {
      options.rounds = static_cast<int>(*number);
      ++i;
    } else if (argument == "--json") {
      options.json = true;
    } else if (argument.size() == 1 && argument[0] >= 'a' && argument[0] <= 'h') {
      options.cases.push_back(argument);
    } else if (argument == "db" || is_db_case(argument)) {
      options.db_cases.push_back(argument);
    } else if (argument == "e2b" || is_e2b_case(argument)) {
      options.e2b_cases.push_back(argument);
    } else {
      return false;
    }
  }
  return options.rounds > 0;
}

void measure(const std::vector<spillway::bench::Case>& cases, const std::vector<std::string>& chosen,
             const Options& options, nlohmann::json& reports) {
  for (const spillway::bench::Case& one : cases) {
    if (!chosen.empty() && !is_chosen(chosen, one.name) && !is_chosen(chosen, "db") && !is_chosen(chosen, "e2b")) {
      continue;
    }
    std::vector<spillway::bench::Command> commands;
    for (const auto& contender : one.contenders) commands.push_back(contender.command);
    const auto samples = spillway::bench::run_interleaved(commands, options.rounds);
    if (options.json) {
      reports.push_back(spillway::bench::report_json(one, samples));
    } else {
      std::fputs(spillway::bench::report_text(one, samples).c_str(), stdout);
      std::fflush(stdout);
    }
  }
}

void measure(const Options& options) {
  nlohmann::json reports = nlohmann::json::array();
  if (!options.cases.empty() || (options.db_cases.empty() && options.e2b_cases.empty())) {
    measure(spillway::bench::make_cases(SPILLWAY_BENCH_DATA, options.sizes), options.cases, options, reports);
  }
  if (!options.db_cases.empty()) {
    spillway::bench::DbCases databases(SPILLWAY_BENCH_DATA, options.sizes);
    const auto wants = [&](std::string_view family) {
      return std::ranges::any_of(options.db_cases,
                                 [&](const std::string& name) { return name == "db" || name.starts_with(family); });
    };
    if (wants("postgres")) measure(databases.postgres(), options.db_cases, options, reports);
    if (wants("mysql")) measure(databases.mysql(), options.db_cases, options, reports);
  }
  if (!options.e2b_cases.empty()) {
    spillway::bench::E2bCases e2b(SPILLWAY_BENCH_DATA);
    measure(e2b.cases(), options.e2b_cases, options, reports);
  }
  if (options.json) std::puts(reports.dump(2).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs(k_usage, stderr);
    return 2;
  }
  try {
    measure(options);
  } catch (const std::exception& exception) {
    std::fputs(fmt::format("error: {}\n", exception.what()).c_str(), stderr);
    return 1;
  }
  return 0;
}
