#include "sandbox/seccomp.hpp"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <span>

#include "util/error.hpp"

namespace spillway::sandbox {
namespace {

/// What every way out needs, and hardly a program.
constexpr const char* k_refused_calls[] = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    // mounts and namespaces
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount",
    "fspick", "mount_setattr", "unshare", "setns", "open_by_handle_at", "name_to_handle_at",
    // the kernel
    "bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "create_module", "syslog", "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd",
    "iopl", "ioperm", "modify_ldt", "lookup_dcookie", "nfsservctl", "vhangup", "uselib", "personality",
    "io_uring_setup", "io_uring_enter", "io_uring_register", "fanotify_init", "landlock_create_ruleset",
    // keys, time, names
    "keyctl", "add_key", "request_key", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime",
    "sethostname", "setdomainname"};

/// What no step needs. A worker starts threads, but no processes.
constexpr const char* k_refused_to_worker[] = {
    "fork", "vfork",
    // the network
    "socketpair", "bind", "listen", "accept", "accept4",
    // whose files become someone else's, or programs with rights of their own
    "mknod", "mknodat", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid",
    "setfsgid", "capset"};

/// Of a worker without a connection.
constexpr const char* k_refused_without_sockets[] = {"socket", "connect"};

/// The kinds of socket(2) that a worker may ask for; the largest is the last. All others are ways into the kernel, or
/// out of the sandbox, as those of virtual machines belong to no network namespace.
constexpr int k_socket_families[] = {AF_UNIX, AF_INET, AF_INET6};

constexpr scmp_datum_t k_network_requests = 0x8900;  // SIOC…: the second lowest byte of the request

class Filter {
 public:
  Filter() : m_context(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release) {
    if (!m_context) fail(ErrorCode::out_of_memory, "out of memory");
  }
  void refuse(int call, int with_errno) {
    check(::seccomp_rule_add(m_context.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(with_errno)), call, 0));
  }
  void refuse(int call, int with_errno, scmp_arg_cmp condition) {
    check(::seccomp_rule_add_array(m_context.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(with_errno)), call, 1,
                                   &condition));
  }
  void write_to(int fd) { check(::seccomp_export_bpf(m_context.get(), fd)); }

 private:
  static void check(int status) {
    if (status < 0) fail(os_error(-status, "cannot make the system call filter"));
  }
  std::unique_ptr<void, decltype(&::seccomp_release)> m_context;
};

void refuse_all(Filter& filter, std::span<const char* const> names) {
  for (const char* name : names) {
    const int call = ::seccomp_syscall_resolve_name(name);
    // Negative: not a call of this processor.
    if (call >= 0) filter.refuse(call, EPERM);
  }
}

void refuse_socket_families(Filter& filter) {
  const int last = std::ranges::max(k_socket_families);
  for (int family = 0; family < last; ++family) {
    if (std::ranges::find(k_socket_families, family) != std::end(k_socket_families)) continue;
    filter.refuse(SCMP_SYS(socket), EPERM, {0, SCMP_CMP_MASKED_EQ, 0xFFFFFFFF, static_cast<scmp_datum_t>(family)});
  }
  filter.refuse(SCMP_SYS(socket), EPERM, {0, SCMP_CMP_GT, static_cast<scmp_datum_t>(last), 0});
}

void confine_sockets(Filter& filter) {
  refuse_socket_families(filter);
  // These connect without a call of connect…
  filter.refuse(SCMP_SYS(sendto), EPERM, {3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN});
  filter.refuse(SCMP_SYS(sendmsg), EPERM, {2, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN});
  filter.refuse(SCMP_SYS(sendmmsg), EPERM, {3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN});
  // … and these tell of the network that a socket is in.
  filter.refuse(SCMP_SYS(ioctl), EPERM, {1, SCMP_CMP_MASKED_EQ, 0xFF00, k_network_requests});
}

/// Type into the terminal that the host was started from.
void refuse_terminal_input(Filter& filter) {
  for (const std::uint64_t request : {TIOCSTI, TIOCLINUX}) {
    filter.refuse(SCMP_SYS(ioctl), EPERM, {1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFF, request});
  }
}

Fd file_of(Filter& filter) {
  Fd fd(::memfd_create("filter", MFD_CLOEXEC));
  if (!fd) fail(os_error(errno, "cannot make a file in memory"));
  filter.write_to(fd.get());
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace

Fd system_call_filter(bool with_sockets) {
  Filter filter;
  refuse_all(filter, k_refused_calls);
  refuse_all(filter, k_refused_to_worker);
  if (with_sockets) {
    confine_sockets(filter);
  } else {
    refuse_all(filter, k_refused_without_sockets);
  }
  // A thread is a clone that shares everything; anything else is a process, or a namespace. The filter cannot look
  // into clone3's argument: told that there is none, the C library uses clone.
  filter.refuse(SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0});
  filter.refuse(SCMP_SYS(clone3), ENOSYS);
  refuse_terminal_input(filter);
  return file_of(filter);
}

Fd program_call_filter() {
  Filter filter;
  refuse_all(filter, k_refused_calls);
  refuse_socket_families(filter);
  for (const scmp_datum_t kind :
       {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
    filter.refuse(SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, kind, kind});
  }
  filter.refuse(SCMP_SYS(clone3), ENOSYS);
  refuse_terminal_input(filter);
  return file_of(filter);
}

}  // namespace spillway::sandbox
