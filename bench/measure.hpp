#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace spillway::bench {

/// A program to run, with everything that makes it comparable to another.
struct Command {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment = {};  ///< added to this process's own
  std::filesystem::path directory = {};
  std::vector<std::filesystem::path> removed_before = {};  ///< outputs of the run before
  /// Of a pipeline, the step whose time counts, as its run card has it; empty: the program's.
  std::string measured_step = {};
};

struct Sample {
  double wall_ms = 0;
  double cpu_ms = 0;
  std::uint64_t peak_bytes = 0;
};

/// Runs the command to its end with its output thrown away; throws when it fails.
Sample run(const Command& command);

struct Statistics {
  double median = 0;
  double min = 0;
  double max = 0;
};
Statistics wall_statistics(const std::vector<Sample>& samples);
std::uint64_t median_peak_bytes(const std::vector<Sample>& samples);

/// Runs every command once as a warm-up, then `rounds` times in turn, so that what disturbs one disturbs all. Returns
/// the samples of each.
std::vector<std::vector<Sample>> run_interleaved(const std::vector<Command>& commands, int rounds);

}  // namespace spillway::bench
