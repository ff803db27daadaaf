#include "sandbox/e2b_channel.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "e2b/owner.hpp"
#include "e2b/settings.hpp"
#include "sandbox/e2b_stream.hpp"
#include "sandbox/mirror_channel.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

/// How long a sandbox outlives a host that was killed.
constexpr std::chrono::seconds k_lease{120};

std::map<std::string, std::string> worker_environment(const config::E2bTarget& target) {
  std::map<std::string, std::string> environment = target.environment;
  for (const std::string& name : target.passed_variables) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      fail(ErrorCode::usage, fmt::format("cannot pass '{}' on to the sandbox: it is not set", name),
           "set it, or leave out --e2b-pass-env " + name);
    }
    environment[name] = value;
  }
  return environment;
}

}  // namespace

std::unique_ptr<Channel> open_e2b_channel(const RunPlace& place, const config::Settings& settings) {
  const config::E2bTarget& target = settings.e2b;
  E2bPlan plan{.settings = value_or_throw(e2b::read_settings()), .sandbox = {}};
  plan.sandbox.template_id = target.template_id;
  plan.sandbox.life = k_lease;
  plan.sandbox.metadata = e2b::owner_metadata(place.session_id);
  plan.longest = target.timeout;
  plan.environment = worker_environment(target);
  plan.start_timeout = settings.command.start_timeout;
  std::error_code status;
  const std::uintmax_t available = fs::space(place.run_dir, status).available;
  return open_mirror_channel(
      open_e2b_stream(std::move(plan)), place,
      {.max_file_bytes = settings.sandbox.file_size_bytes.value_or(status ? UINT64_MAX : available / 2),
       .max_artifact_bytes = target.max_artifact_bytes.value_or(UINT64_MAX),
       .wants_frames = target.fetches_frames,
       .is_ahead = true});
}

}  // namespace spillway::sandbox
