#include "measure.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/file.hpp"

namespace spillway::bench {
namespace {

constexpr double k_microseconds_per_ms = 1000.0;
constexpr std::uint64_t k_bytes_per_kilobyte = 1024;

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1000.0 + static_cast<double>(time.tv_usec) / k_microseconds_per_ms;
}

/// Where a command's messages go: shown when it fails.
std::filesystem::path messages_file() {
  return std::filesystem::temp_directory_path() / "spillway_bench_messages.txt";
}

[[noreturn]] void become(const Command& command) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int messages = ::open(messages_file().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(messages, STDERR_FILENO);
  if (!command.directory.empty() && ::chdir(command.directory.c_str()) != 0) ::_exit(126);
  for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

double step_milliseconds(const Command& command) {
  for (const auto& run_dir : std::filesystem::directory_iterator(command.directory / "logs")) {
    const auto card =
        nlohmann::json::parse(value_or_throw(read_file(run_dir.path() / "artifacts" / "_system" / "run_card.json")));
    for (const auto& step : card.at("steps")) {
      if (step.at("step_id") == command.measured_step) return step.at("duration_ms").get<double>();
    }
  }
  throw std::runtime_error(fmt::format("no run card has a step '{}'", command.measured_step));
}

template <typename Value>
Value median(std::vector<Value> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

Sample run(const Command& command) {
  for (const std::filesystem::path& path : command.removed_before) std::filesystem::remove_all(path);
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become(command);
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error(
        fmt::format("'{}' failed with wait status {}", fmt::join(command.arguments, " "), status));
  }
  const double wall_ms = command.measured_step.empty() ? wall.count() : step_milliseconds(command);
  return {wall_ms, milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime),
          static_cast<std::uint64_t>(usage.ru_maxrss) * k_bytes_per_kilobyte};
}

Statistics wall_statistics(const std::vector<Sample>& samples) {
  std::vector<double> walls;
  for (const Sample& sample : samples) walls.push_back(sample.wall_ms);
  return {median(walls), *std::ranges::min_element(walls), *std::ranges::max_element(walls)};
}

std::uint64_t median_peak_bytes(const std::vector<Sample>& samples) {
  std::vector<std::uint64_t> peaks;
  for (const Sample& sample : samples) peaks.push_back(sample.peak_bytes);
  return median(peaks);
}

std::vector<std::vector<Sample>> run_interleaved(const std::vector<Command>& commands, int rounds) {
  for (const Command& command : commands) run(command);
  std::vector<std::vector<Sample>> samples(commands.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < commands.size(); ++i) samples[i].push_back(run(commands[i]));
  }
  return samples;
}

}  // namespace spillway::bench
