#include "report.hpp"

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::bench {
namespace {

double mean_cpu_ms(const std::vector<Sample>& samples) {
  double sum = 0;
  for (const Sample& sample : samples) sum += sample.cpu_ms;
  return sum / static_cast<double>(samples.size());
}

}  // namespace

std::string report_text(const Case& measured, const std::vector<std::vector<Sample>>& samples) {
  std::string text =
      fmt::format("\n({}) {}\n{:<34}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}{:>9}\n", measured.name, measured.description,
                  "", "median ms", "min", "max", "cpu", "peak", "ratio", "memory");
  const double own_wall = wall_statistics(samples[0]).median;
  const auto own_peak = static_cast<double>(median_peak_bytes(samples[0]));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Statistics wall = wall_statistics(samples[i]);
    const std::uint64_t peak = median_peak_bytes(samples[i]);
    text += fmt::format("{:<34}{:>10.1f}{:>10.1f}{:>10.1f}{:>10.1f}{:>10}{:>7.3f}x{:>8.2f}x\n",
                        measured.contenders[i].name, wall.median, wall.min, wall.max, mean_cpu_ms(samples[i]),
                        human_bytes(peak), own_wall / wall.median, own_peak / static_cast<double>(peak));
  }
  return text;
}

nlohmann::json report_json(const Case& measured, const std::vector<std::vector<Sample>>& samples) {
  nlohmann::json json{{"case", measured.name}, {"description", measured.description}};
  const double own_wall = wall_statistics(samples[0]).median;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Statistics wall = wall_statistics(samples[i]);
    json["contenders"].push_back({{"name", measured.contenders[i].name},
                                  {"median_ms", wall.median},
                                  {"min_ms", wall.min},
                                  {"max_ms", wall.max},
                                  {"cpu_ms", mean_cpu_ms(samples[i])},
                                  {"peak_bytes", median_peak_bytes(samples[i])},
                                  {"ratio", own_wall / wall.median}});
  }
  return json;
}

}  // namespace spillway::bench
