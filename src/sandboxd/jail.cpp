#include "sandboxd/jail.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "sandbox/bubblewrap.hpp"
#include "sandbox/seccomp.hpp"
#include "sandboxd/agent.hpp"
#include "sandboxd/agent_files.hpp"
#include "util/memory_file.hpp"
#include "util/sanitizer.hpp"

namespace spillway::sandboxd {
namespace fs = std::filesystem;
namespace {

using sandbox::Mount;

/// What bubblewrap is given before the agent's socket, by number.
enum Descriptor { k_filter = 3, k_options };
constexpr auto k_user_id = "1000";
constexpr auto k_program = "/run/spillway/agent";
constexpr auto k_template_place = "/opt/spillway";
constexpr std::array k_system_links{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
constexpr std::array k_system_files{"/etc/alternatives", "/etc/ld.so.cache",    "/etc/ld.so.conf",
                                    "/etc/ld.so.conf.d", "/etc/localtime",      "/etc/mime.types",
                                    "/etc/ssl/certs",    "/etc/ssl/openssl.cnf"};
constexpr std::uint64_t k_shared_memory_bytes = std::uint64_t{64} << 20;

struct SmallFile {
  const char* path;
  std::string content;
};

/// A machine's, as programs look for them. There is as much memory as the sandbox may take.
std::vector<SmallFile> small_files(const JailLimits& limits) {
  const std::uint64_t kilobytes = limits.memory_bytes / 1024;
  return {{"/etc/passwd",
           "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:user:/home/user:/bin/bash\n"
           "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
          {"/etc/group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"},
          {"/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"},
          {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
          {"/proc/meminfo", fmt::format("MemTotal: {0} kB\nMemFree: {0} kB\nMemAvailable: {0} kB\nBuffers: 0 kB\n"
                                        "Cached: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
                                        kilobytes)}};
}

bool is_system_file(const fs::path& path) {
  const auto first = std::next(path.begin());
  const std::string top = "/" + (first == path.end() ? "" : first->string());
  return top == "/usr" || top == "/etc" || std::ranges::find(k_system_links, top) != k_system_links.end();
}

void add_system(std::vector<std::string>& options) {
  std::error_code ignored;
  sandbox::add_mount(options, {"/usr", Mount::Kind::readable});
  for (const char* path : k_system_links) {
    if (fs::is_symlink(path, ignored)) {
      options.insert(options.end(), {"--symlink", fs::read_symlink(path, ignored).string(), path});
    } else if (fs::exists(path, ignored)) {
      sandbox::add_mount(options, {path, Mount::Kind::readable});
    }
  }
  for (const char* path : k_system_files) {
    if (fs::exists(path, ignored))
      sandbox::add_mount(options, {path, Mount::Kind::readable, fs::canonical(path, ignored)});
  }
}

/// This program, as the agent; its libraries are mostly the system's.
void add_agent(std::vector<std::string>& options) {
  std::vector<Mount> files = sandbox::program_files();
  sandbox::add_mount(options, {k_program, Mount::Kind::readable, files.front().path});
  files.erase(files.begin());
  for (const Mount& file : files) {
    if (!is_system_file(file.path)) sandbox::add_mount(options, file);
  }
}

/// As bubblewrap reads them from a descriptor.
std::string bwrap_options(const JailPlan& plan, const std::vector<SmallFile>& files) {
  std::vector<std::string> options{
      "--unshare-user", "--unshare-pid",     "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
      "--hostname",     "sandbox",           "--uid",         k_user_id,       "--gid",
      k_user_id,        "--die-with-parent", "--new-session", "--cap-drop",    "ALL"};
  if (!plan.has_network) options.emplace_back("--unshare-net");
  // All that can be written to is one file system of this size, but for the memory that processes share.
  options.insert(options.end(), {"--size", std::to_string(plan.limits.disk_bytes), "--tmpfs", "/"});
  options.insert(options.end(), {"--proc", "/proc", "--dev", "/dev", "--size", std::to_string(k_shared_memory_bytes),
                                 "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"});
  sandbox::hide_kernel(options);
  options.insert(options.end(), {"--perms", "1777", "--dir", "/tmp", "--perms", "1777", "--dir", "/var/tmp", "--dir",
                                 k_home, "--dir", "/run"});
  add_system(options);
  int descriptor = k_agent_socket;
  for (const SmallFile& file : files) {
    options.insert(options.end(), {"--ro-bind-data", std::to_string(++descriptor), file.path});
  }
  if (std::error_code ignored; plan.has_network && fs::exists("/etc/resolv.conf", ignored)) {
    sandbox::add_mount(options,
                       {"/etc/resolv.conf", Mount::Kind::readable, fs::canonical("/etc/resolv.conf", ignored)});
  }
  if (!plan.template_folder.empty()) {
    sandbox::add_mount(options, {k_template_place, Mount::Kind::readable, plan.template_folder});
  }
  add_agent(options);
  options.insert(options.end(), {"--chdir", k_home, "--seccomp", std::to_string(k_filter)});
  std::string bytes;
  for (const std::string& option : options) bytes += option + '\0';
  return bytes;
}

std::vector<ResourceLimit> resource_limits(const JailLimits& limits, bool has_group) {
  std::vector<ResourceLimit> list{{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, limits.open_files}};
  // It counts what the user runs elsewhere too: a group is better.
  if (!has_group) list.push_back({RLIMIT_NPROC, limits.processes});
  return list;
}

}  // namespace

std::uint64_t process_memory_limit(const JailLimits& limits, bool has_group) {
  return has_group || k_is_sanitized ? 0 : limits.memory_bytes;
}

Jail::Jail(const JailPlan& plan, const Fd& agent_end)
    // Two of the processes are bubblewrap's, one is the agent.
    : m_group(sandbox::Cgroup::create(
          plan.name, {plan.limits.memory_bytes + plan.limits.disk_bytes, plan.limits.processes + 3})) {
  const Fd filter = sandbox::program_call_filter();
  const std::vector<SmallFile> contents = small_files(plan.limits);
  const Fd options = memory_file("options", bwrap_options(plan, contents));
  std::vector<Fd> files;
  for (const SmallFile& file : contents) files.push_back(memory_file("small file", file.content));
  ProcessSpec spec{
      .arguments = {sandbox::find_bwrap(), "--args", std::to_string(k_options), "--", k_program, "sandboxd"},
      .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
                      fmt::format("{}={}", k_agent_variable, k_agent_socket)},
      .limits = resource_limits(plan.limits, m_group.has_value())};
  if (k_is_sanitized) spec.environment.emplace_back("ASAN_OPTIONS=detect_leaks=0");
  spec.descriptors = {filter.get(), options.get(), agent_end.get()};
  for (const Fd& file : files) spec.descriptors.push_back(file.get());
  if (m_group) {
    spec.cgroup_files = m_group->process_files();
    for (const fs::path& folder : m_group->folders()) spec.leftovers.push_back(folder.string());
  }
  m_process.emplace(spec);
}

std::string Jail::last_words() {
  constexpr std::size_t k_most = 4096;
  std::string text(k_most, '\0');
  const ssize_t count = ::read(m_process->err.get(), text.data(), text.size());
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

}  // namespace spillway::sandboxd
