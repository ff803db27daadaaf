#include "sandbox/bwrap_channel.hpp"

#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "drivers/reach.hpp"
#include "engine/library.hpp"
#include "sandbox/bubblewrap.hpp"
#include "sandbox/cgroup.hpp"
#include "sandbox/seccomp.hpp"
#include "sandbox/socket_gate.hpp"
#include "util/file.hpp"
#include "util/memory_file.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view k_bwrap_says = "bwrap: ";
/// What bubblewrap and the worker are given, by number.
enum Descriptor { k_filter = 3, k_options, k_hosts, k_name_services, k_users, k_gate };
/// Public: what a connection that trusts the machine's authorities looks into.
constexpr std::array k_trusted_authorities{"/etc/ssl/certs", "/usr/lib/ssl", "/usr/share/ca-certificates",
                                           "/usr/local/share/ca-certificates"};

/// The folders of the outputs that are missing: there while the run lasts, gone again when nothing was put in them.
class OutputFolders {
 public:
  explicit OutputFolders(const std::vector<fs::path>& folders) {
    std::error_code ignored;
    for (const fs::path& folder : folders) {
      const std::size_t first = m_made.size();
      for (fs::path above = folder; !above.empty() && !fs::exists(above, ignored); above = above.parent_path()) {
        m_made.insert(m_made.begin() + static_cast<std::ptrdiff_t>(first), above);
      }
      // One that cannot be made fails the step that writes there.
      fs::create_directories(folder, ignored);
    }
  }
  OutputFolders(const OutputFolders&) = delete;
  OutputFolders& operator=(const OutputFolders&) = delete;
  ~OutputFolders() {
    std::error_code ignored;
    std::for_each(m_made.rbegin(), m_made.rend(), [&](const fs::path& folder) { fs::remove(folder, ignored); });
  }

 private:
  std::vector<fs::path> m_made;  ///< each after the one that it is in
};

/// The engine's folder for what exceeds its memory: gone with the run.
class TempFolder {
 public:
  explicit TempFolder(fs::path path) : m_path(std::move(path)) { spillway::create_directories(m_path); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
  }

 private:
  fs::path m_path;
};

/// What a worker needs in order to reach the servers of its connections.
class Network {
 public:
  explicit Network(const drivers::Reach& reach) : m_gate(reach.servers), m_reach(reach) {}

  /// Names are looked up in a file, and the user, who is the database's user where a connection names none, too.
  void add_options(std::vector<std::string>& options) const {
    for (const auto& [descriptor, path] :
         {std::pair(k_hosts, "/etc/hosts"), std::pair(k_name_services, "/etc/nsswitch.conf"),
          std::pair(k_users, "/etc/passwd")}) {
      options.insert(options.end(), {"--ro-bind-data", std::to_string(descriptor), path});
    }
    std::error_code ignored;
    for (const char* path : k_trusted_authorities) {
      if (fs::exists(path, ignored)) add_mount(options, {path, Mount::Kind::readable, fs::canonical(path)});
    }
    for (const fs::path& file : m_reach.files) {
      if (fs::exists(file, ignored)) add_mount(options, {file, Mount::Kind::readable});
    }
    for (const drivers::ServerAddress& server : m_reach.servers) {
      if (fs::exists(server.socket, ignored)) add_mount(options, {server.socket, Mount::Kind::readable});
    }
  }

  void give_to(ProcessSpec& process) {
    m_files.push_back(memory_file("hosts", m_gate.hosts_file()));
    m_files.push_back(memory_file("name services", "hosts: files\npasswd: files\n"));
    m_files.push_back(memory_file("users", user_entry()));
    for (const Fd& file : m_files) process.descriptors.push_back(file.get());
    process.descriptors.push_back(m_gate.worker_end());
    process.environment.push_back(fmt::format("{}={}", k_socket_gate_variable, static_cast<int>(k_gate)));
  }

 private:
  static std::string user_entry() {
    const passwd* user = ::getpwuid(::geteuid());
    return fmt::format("{}:x:{}:{}::/:/\n", user == nullptr ? "nobody" : user->pw_name, ::geteuid(), ::getegid());
  }

  SocketGate m_gate;
  drivers::Reach m_reach;
  std::vector<Fd> m_files;
};

/// What all connections of a run reach.
drivers::Reach reach_of(const RunPlace& place) {
  drivers::Reach all;
  for (const auto& [reference, fields] : place.connections.items()) {
    const std::string family = reference.substr(1, reference.find('.') - 1);
    drivers::Reach one = drivers::reach_of(family, fields, place.base_dir);
    std::ranges::move(one.servers, std::back_inserter(all.servers));
    std::ranges::move(one.files, std::back_inserter(all.files));
  }
  return all;
}

/// As bubblewrap reads them from a descriptor: an argument list could be too short for them.
std::string bwrap_options(const RunPlace& place, const std::vector<Mount>& program,
                          const std::optional<Network>& network) {
  std::vector<std::string> options{"--unshare-user", "--unshare-pid", "--unshare-ipc",
                                   "--unshare-uts",  "--unshare-net", "--unshare-cgroup-try",
                                   "--hostname",     "spillway",      "--die-with-parent",
                                   "--new-session",  "--cap-drop",    "ALL",
                                   "--proc",         "/proc",         "--dev",
                                   "/dev",           "--remount-ro",  "/dev",
                                   "--dir",          "/tmp"};
  hide_kernel(options);
  for (const Mount& mount : program) add_mount(options, mount);
  if (network) network->add_options(options);
  const std::vector<Mount> view = view_of(place);
  for (const Mount& mount : view) add_mount(options, mount);
  // Only now: until here mounts were made in them.
  for (const Mount& mount : view) {
    if (mount.kind == Mount::Kind::hidden) options.insert(options.end(), {"--remount-ro", mount.path.string()});
  }
  options.insert(options.end(),
                 {"--remount-ro", "/", "--chdir", place.base_dir.string(), "--seccomp", std::to_string(k_filter)});
  std::string bytes;
  for (const std::string& option : options) bytes += option + '\0';
  return bytes;
}

std::vector<ResourceLimit> resource_limits(const RunPlace& place, const config::SandboxLimits& limits,
                                           bool is_sanitized, bool has_group) {
  std::vector<ResourceLimit> list{{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, limits.open_files}};
  if (!is_sanitized) list.push_back({RLIMIT_DATA, limits.memory_bytes});
  if (limits.cpu_seconds) list.push_back({RLIMIT_CPU, *limits.cpu_seconds});
  // It counts what the user runs elsewhere too: a group is better.
  if (limits.processes && !has_group) list.push_back({RLIMIT_NPROC, *limits.processes});
  std::error_code status;
  const std::uintmax_t available = fs::space(place.run_dir, status).available;
  list.push_back({RLIMIT_FSIZE, limits.file_size_bytes.value_or(status ? RLIM_INFINITY : available / 2)});
  return list;
}

/// What the kernel, or bubblewrap, did to the worker; nothing when it did it to itself.
std::optional<Error> explain(const WorkerDeath& death, const Cgroup* group, std::uint64_t memory_bytes) {
  if (group != nullptr && group->memory_kills() > 0) {
    return make_error(ErrorCode::sandbox,
                      fmt::format("the worker ran out of memory: it was killed when it had taken the {} that it may",
                                  human_bytes(memory_bytes)),
                      "raise SPILLWAY_SANDBOX_MEMORY (--sandbox-memory), or lower SPILLWAY_MEMORY_LIMIT "
                      "(--memory-limit) so that more is spilled");
  }
  const auto said =
      std::ranges::find_if(death.last_words, [](const std::string& line) { return line.starts_with(k_bwrap_says); });
  if (death.has_spoken || said == death.last_words.end()) return std::nullopt;
  return make_error(
      ErrorCode::sandbox,
      fmt::format("cannot make the sandbox: bubblewrap says: {}", said->substr(k_bwrap_says.size())),
      "it needs user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian) or "
      "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu) allows them, in a container "
      "--security-opt seccomp=unconfined; or give up confinement: --sandbox=process isolates memory only");
}

/// The session alone is not enough: other projects on this machine number theirs by the same clock.
std::string group_name(const RunPlace& place) { return fmt::format("spillway-{}-{}", place.session_id, ::getpid()); }

/// The limit counts bubblewrap's own processes: one outside of the sandbox, the first one in it.
std::optional<std::uint64_t> processes_with_bwrap(const config::SandboxLimits& limits) {
  constexpr std::uint64_t k_of_bwrap = 2;
  if (!limits.processes) return std::nullopt;
  return *limits.processes + k_of_bwrap;
}

/// The conversation is a ProcessChannel's; this takes away what was made for it.
class BwrapChannel : public Channel {
 public:
  BwrapChannel(const RunPlace& place, const config::SandboxLimits& limits, WorkerProgram program,
               const std::vector<Mount>& files)
      : m_folders(output_folders(place)),
        m_temp(place.run_dir / "tmp"),
        m_group(Cgroup::create(group_name(place), {limits.memory_bytes, processes_with_bwrap(limits)})) {
    spillway::create_directories(place.run_dir / "artifacts" / "_system");
    if (!place.connections.empty()) m_network.emplace(reach_of(place));
    const Fd filter = system_call_filter(m_network.has_value());
    const Fd options = memory_file("options", bwrap_options(place, files, m_network));
    ProcessSpec& process = program.process;
    std::vector<std::string> arguments{find_bwrap(), "--args", std::to_string(k_options), "--"};
    process.arguments.insert(process.arguments.begin(), arguments.begin(), arguments.end());
    if (program.is_sanitized) process.environment.emplace_back("ASAN_OPTIONS=detect_leaks=0");
    process.descriptors = {filter.get(), options.get()};
    if (m_network) m_network->give_to(process);
    process.limits = resource_limits(place, limits, program.is_sanitized, m_group.has_value());
    process.leftovers = {(place.run_dir / "tmp").string()};
    if (m_group) {
      process.cgroup_files = m_group->process_files();
      for (const fs::path& folder : m_group->folders()) process.leftovers.push_back(folder.string());
    }
    program.explain_death = [this, memory_bytes = limits.memory_bytes](const WorkerDeath& death) {
      return explain(death, m_group ? &*m_group : nullptr, memory_bytes);
    };
    m_inner = open_process_channel(program);
  }
  BwrapChannel(const BwrapChannel&) = delete;
  BwrapChannel& operator=(const BwrapChannel&) = delete;
  ~BwrapChannel() override = default;

  void send(const protocol::Command& command) override { m_inner->send(command); }
  std::optional<protocol::Message> receive(std::chrono::milliseconds timeout) override {
    return m_inner->receive(timeout);
  }

 private:
  OutputFolders m_folders;
  TempFolder m_temp;
  std::optional<Cgroup> m_group;
  std::optional<Network> m_network;
  std::unique_ptr<Channel> m_inner;  ///< ends first
};

}  // namespace

std::unique_ptr<Channel> open_bwrap_channel(const RunPlace& place, const config::SandboxLimits& limits) {
  engine::load_library();  // the libraries that it needs are those that are loaded here
  reach_of(place);         // those of its servers' clients as well
  return open_bwrap_channel(place, limits, worker_program(place), program_files());
}

std::unique_ptr<Channel> open_bwrap_channel(const RunPlace& place, const config::SandboxLimits& limits,
                                            WorkerProgram program, const std::vector<Mount>& files) {
  return std::make_unique<BwrapChannel>(place, limits, std::move(program), files);
}

}  // namespace spillway::sandbox
