#include "cli/health_report.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace spillway::cli {

using nlohmann::ordered_json;

bool is_healthy(const std::vector<drivers::HealthCheck>& checks) {
  return std::ranges::none_of(checks, [](const auto& one) { return one.error.has_value(); });
}

std::string health_text(const std::string& subject, const std::vector<drivers::HealthCheck>& checks,
                        const config::Redactor& redactor) {
  std::string text = fmt::format("{}  {}\n", subject, is_healthy(checks) ? "ok" : "failed");
  for (const drivers::HealthCheck& one : checks) {
    if (!one.error) {
      text += fmt::format("  {:<8} {}\n", one.name, one.detail);
      continue;
    }
    text += fmt::format("  {:<8} {}\n", one.name, one.error->full_message());
    if (!one.error->hint.empty()) text += fmt::format("           hint: {}\n", one.error->hint);
  }
  return redactor.redact(std::string_view(text));
}

ordered_json health_json(const std::vector<drivers::HealthCheck>& checks, const config::Redactor& redactor) {
  ordered_json list = ordered_json::array();
  for (const drivers::HealthCheck& one : checks) {
    ordered_json entry{{"check", one.name}, {"ok", !one.error}};
    entry[one.error ? "error" : "detail"] =
        redactor.redact(std::string_view(one.error ? one.error->full_message() : one.detail));
    if (one.error && !one.error->hint.empty()) entry["hint"] = one.error->hint;
    list.push_back(std::move(entry));
  }
  return {{"ok", is_healthy(checks)}, {"checks", std::move(list)}};
}

}  // namespace spillway::cli
