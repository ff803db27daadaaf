#include "e2b/owner.hpp"

#include <limits.h>
#include <unistd.h>

#include <optional>

#include <fmt/format.h>

#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::e2b {
namespace {

std::string host_name() {
  std::string name(HOST_NAME_MAX + 1, '\0');
  ::gethostname(name.data(), HOST_NAME_MAX);
  name.resize(name.find('\0'));
  return name;
}

/// When a process started, in clock ticks since the machine did; nothing when there is none.
std::optional<std::string> start_of(std::uint64_t pid) {
  constexpr std::size_t k_start_after_name = 20;  // the 22nd field; the name, the second, ends with the last ')'
  const Result<std::string> stat = read_file(fmt::format("/proc/{}/stat", pid));
  if (!stat) return std::nullopt;
  const std::vector<std::string> fields = split(std::string_view(*stat).substr(stat->rfind(')') + 1), ' ');
  if (fields.size() <= k_start_after_name) return std::nullopt;
  return fields[k_start_after_name];
}

std::string value_or_empty(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

}  // namespace

Metadata owner_metadata(const std::string& session_id) {
  const auto pid = static_cast<std::uint64_t>(::getpid());
  return {{k_kind_key, k_kind},
          {k_session_key, session_id},
          {k_host_key, host_name()},
          {k_pid_key, std::to_string(pid)},
          {k_start_key, start_of(pid).value_or("")}};
}

Owner owner_of(const Metadata& metadata) {
  const auto pid = parse_uint(value_or_empty(metadata, k_pid_key));
  if (!pid || value_or_empty(metadata, k_host_key) != host_name()) return Owner::elsewhere;
  const std::optional<std::string> start = start_of(*pid);
  return start && *start == value_or_empty(metadata, k_start_key) ? Owner::runs : Owner::gone;
}

}  // namespace spillway::e2b
