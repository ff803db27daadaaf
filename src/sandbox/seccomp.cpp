#include "sandbox/seccomp.hpp"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "util/error.hpp"

namespace spillway::sandbox {
namespace {

/// What no step needs and every way out does. A worker starts threads, but no processes.
constexpr const char* k_refused_calls[] = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "fork", "vfork",
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
    "sethostname", "setdomainname",
    // the network: no component has a connection
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4",
    // whose files become someone else's, or programs with rights of their own
    "mknod", "mknodat", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid",
    "setfsgid", "capset"};

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

}  // namespace

Fd system_call_filter() {
  Filter filter;
  for (const char* name : k_refused_calls) {
    const int call = ::seccomp_syscall_resolve_name(name);
    // Negative: not a call of this processor.
    if (call >= 0) filter.refuse(call, EPERM);
  }
  // A thread is a clone that shares everything; anything else is a process, or a namespace. The filter cannot look
  // into clone3's argument: told that there is none, the C library uses clone.
  filter.refuse(SCMP_SYS(clone), EPERM, {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0});
  filter.refuse(SCMP_SYS(clone3), ENOSYS);
  // Type into the terminal that the host was started from.
  for (const std::uint64_t request : {TIOCSTI, TIOCLINUX}) {
    filter.refuse(SCMP_SYS(ioctl), EPERM, {1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFF, request});
  }
  Fd fd(::memfd_create("filter", MFD_CLOEXEC));
  if (!fd) fail(os_error(errno, "cannot make a file in memory"));
  filter.write_to(fd.get());
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace spillway::sandbox
