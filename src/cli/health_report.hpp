#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/redact.hpp"
#include "drivers/inspector.hpp"

namespace spillway::cli {

/// The exit code of a command of which a check failed.
inline constexpr int k_check_failed = 4;

bool is_healthy(const std::vector<drivers::HealthCheck>& checks);
/// "<subject>  ok", and a line each; what failed with its hint.
std::string health_text(const std::string& subject, const std::vector<drivers::HealthCheck>& checks,
                        const config::Redactor& redactor);
/// {"ok", "checks": [{"check", "ok", "detail" or "error", "hint"}]}.
nlohmann::ordered_json health_json(const std::vector<drivers::HealthCheck>& checks, const config::Redactor& redactor);

}  // namespace spillway::cli
