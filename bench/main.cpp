// Measures Spillway against the same work done by DuckDB alone. See bench/README.md.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cases.hpp"
#include "report.hpp"
#include "util/strings.hpp"

namespace {

constexpr const char* k_usage =
    "usage: spillway_bench [--rows N] [--rounds N] [--json] [CASE...]\n"
    "  cases: a b c d e f g h (default: all)\n";

struct Options {
  spillway::bench::Sizes sizes;
  int rounds = 5;
  bool json = false;
  std::vector<std::string> cases;
};

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
    } else {
      return false;
    }
  }
  return options.rounds > 0;
}

void measure(const Options& options) {
  nlohmann::json reports = nlohmann::json::array();
  for (const spillway::bench::Case& one : spillway::bench::make_cases(SPILLWAY_BENCH_DATA, options.sizes)) {
    if (!options.cases.empty() && std::ranges::find(options.cases, one.name) == options.cases.end()) continue;
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
