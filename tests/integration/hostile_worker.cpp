// A worker that wants out: hostile_worker ATTEMPT PROJECT RUN_DIR HOST_PID. It says what it got, nothing when it was
// denied, and then ends. PROJECT holds what escape_test.cpp has put there.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <net/if.h>
#include <nlohmann/json.hpp>

namespace {

struct Target {
  std::string project;
  std::string run_dir;
  pid_t host = 0;
};

std::string read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  if (fd < 0) return {};
  std::string bytes(1000, '\0');
  const ssize_t count = ::read(fd, bytes.data(), bytes.size());
  ::close(fd);
  return count <= 0 ? "" : "read " + path;
}

/// What a file holds, when that is the planted secret: its name may be known, and the file empty.
std::string find_secret(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  std::string bytes(100'000, '\0');
  const ssize_t count = fd < 0 ? -1 : ::read(fd, bytes.data(), bytes.size());
  if (fd >= 0) ::close(fd);
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes.find("planted-5ecret") == std::string::npos ? "" : "found the secret in " + path;
}

std::string write_file(const std::string& path, int flags = O_WRONLY | O_CREAT) {
  const int fd = ::open(path.c_str(), flags, 0600);
  if (fd < 0) return {};
  const bool written = ::write(fd, "x", 1) == 1;
  ::close(fd);
  return written ? "wrote " + path : "";
}

std::vector<std::string> list(const std::string& folder) {
  std::vector<std::string> names;
  DIR* entries = ::opendir(folder.c_str());
  if (entries == nullptr) return names;
  while (const dirent* entry = ::readdir(entries)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(entries);
  return names;
}

std::string got(bool success, const char* what) { return success ? what : ""; }

/// A system call that must not do anything, whatever its arguments: EPERM comes from the filter alone.
std::string call(long number, const char* name) {
  errno = 0;
  const long result = ::syscall(number, 0L, 0L, 0L, 0L, 0L);
  return result < 0 && errno == EPERM ? "" : std::string(name) + " is let through";
}

std::string connect_unix(const std::string& path, bool is_abstract) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path + (is_abstract ? 1 : 0), path.c_str(), sizeof address.sun_path - 2);
  return got(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connected");
}

std::string in_child(const std::function<pid_t()>& start) {
  const pid_t pid = start();
  if (pid == 0) ::_exit(0);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  return got(pid > 0, "started a process");
}

using Attempt = std::function<std::string(const Target&)>;

/// Where escape_test.cpp listens, on the host's loopback address.
sockaddr_in loopback_address(const Target& to) {
  std::uint16_t port = 0;
  std::ifstream(to.project + "/out/port") >> port;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const std::map<std::string, Attempt> k_attempts{
    // Reading
    {"read_etc_shadow", [](const Target&) { return read_file("/etc/shadow"); }},
    {"read_etc_passwd", [](const Target&) { return read_file("/etc/passwd"); }},
    {"read_the_home", [](const Target& to) { return find_secret(to.project + "/home/.ssh/id_ed25519"); }},
    {"read_beside_the_input", [](const Target& to) { return find_secret(to.project + "/payroll.csv"); }},
    {"read_the_dotenv", [](const Target& to) { return find_secret(to.project + "/.env"); }},
    {"read_another_run", [](const Target& to) { return find_secret(to.project + "/logs/run_1/events.jsonl"); }},
    {"read_the_record", [](const Target& to) { return find_secret(to.run_dir + "/commands.jsonl"); }},
    {"read_environment_of_process_1", [](const Target&) { return find_secret("/proc/1/environ"); }},
    {"read_own_environment", [](const Target&) { return find_secret("/proc/self/environ"); }},
    {"read_environment_of_the_parent",
     [](const Target&) { return find_secret("/proc/" + std::to_string(::getppid()) + "/environ"); }},
    {"read_environment_of_the_host",
     [](const Target& to) { return find_secret("/proc/" + std::to_string(to.host) + "/environ"); }},
    {"read_with_dots", [](const Target& to) { return find_secret(to.project + "/out/../payroll.csv"); }},
    {"read_root_of_process_1",
     [](const Target& to) { return find_secret("/proc/1/root" + to.project + "/payroll.csv"); }},
    {"list_the_project",
     [](const Target& to) {
       std::string found;
       for (const std::string& name : list(to.project)) {
         if (name != "films.csv" && name != "out" && name != "logs") found += name + " ";
       }
       return found;
     }},
    {"list_the_runs",
     [](const Target& to) { return got(list(to.project + "/logs").size() > 1, "sees the names of other runs"); }},
    {"list_the_hosts_tmp",
     [](const Target& to) {
       // What leads to the project and to this program is all that may be there.
       return got(to.project.starts_with("/tmp/") && list("/tmp").size() > 2, "sees the host's /tmp");
     }},
    {"read_the_disk", [](const Target&) { return read_file("/dev/sda") + read_file("/dev/vda"); }},
    {"read_memory_of_the_machine", [](const Target&) { return read_file("/dev/mem") + read_file("/proc/kcore"); }},
    {"read_sysfs", [](const Target&) { return got(!list("/sys").empty(), "sees /sys"); }},
    // Writing
    {"write_the_project", [](const Target& to) { return write_file(to.project + "/new.csv"); }},
    {"write_the_root", [](const Target&) { return write_file("/new"); }},
    {"write_etc", [](const Target&) { return write_file("/etc/new") + write_file("/etc/ld.so.preload"); }},
    {"write_the_input", [](const Target& to) { return write_file(to.project + "/films.csv", O_WRONLY); }},
    {"truncate_the_input",
     [](const Target& to) { return got(::truncate((to.project + "/films.csv").c_str(), 0) == 0, "truncated"); }},
    {"chmod_the_input",
     [](const Target& to) { return got(::chmod((to.project + "/films.csv").c_str(), 0777) == 0, "changed"); }},
    {"delete_the_input",
     [](const Target& to) { return got(::unlink((to.project + "/films.csv").c_str()) == 0, "deleted"); }},
    {"write_the_config",
     [](const Target& to) { return write_file(to.run_dir + "/cfg/extract-films.json", O_WRONLY); }},
    {"write_the_record", [](const Target& to) { return write_file(to.run_dir + "/events.jsonl"); }},
    {"write_the_run_card",
     [](const Target& to) { return write_file(to.run_dir + "/artifacts/_system/run_card.json"); }},
    {"redirect_the_run_card",
     [](const Target& to) {
       const std::string system = to.run_dir + "/artifacts/_system";
       return got(::rmdir(system.c_str()) == 0 || ::rename(system.c_str(), (system + "2").c_str()) == 0, "moved");
     }},
    {"write_the_program", [](const Target&) { return write_file("/proc/self/exe", O_WRONLY); }},
    // Opened only: what was let through would change the machine.
    {"write_core_pattern",
     [](const Target&) { return got(::open("/proc/sys/kernel/core_pattern", O_WRONLY) >= 0, "opened it"); }},
    {"write_sysrq",
     [](const Target&) {
       struct stat status {};
       const int fd = ::open("/proc/sysrq-trigger", O_WRONLY);
       return got(fd >= 0 && ::fstat(fd, &status) == 0 && status.st_rdev != makedev(1, 3), "opened it");
     }},
    {"fill_dev_shm", [](const Target&) { return write_file("/dev/shm/huge"); }},
    {"link_out_of_the_output_folder",
     [](const Target& to) {
       const std::string link = to.project + "/out/link";
       if (::symlink((to.project + "/payroll.csv").c_str(), link.c_str()) != 0) return std::string();
       const std::string found = find_secret(link) + write_file(link, O_WRONLY);
       ::unlink(link.c_str());
       return found;
     }},
    {"hard_link_of_an_input",
     [](const Target& to) {
       return got(::link((to.project + "/films.csv").c_str(), (to.project + "/out/hard").c_str()) == 0, "linked");
     }},
    {"make_a_device",
     [](const Target& to) {
       return got(::mknod((to.project + "/out/device").c_str(), S_IFBLK | 0600, 0x0800) == 0, "made");
     }},
    // The network
    {"socket_to_loopback",
     [](const Target&) {
       const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
       return got(fd >= 0, "has a socket");
     }},
    {"socket_for_names", [](const Target&) { return got(::socket(AF_INET, SOCK_DGRAM, 0) >= 0, "has a socket"); }},
    {"socket_to_the_kernel",
     [](const Target&) { return got(::socket(AF_NETLINK, SOCK_RAW, 0) >= 0, "has a socket"); }},
    {"socket_of_a_virtual_machine",
     [](const Target&) { return got(::socket(AF_VSOCK, SOCK_STREAM, 0) >= 0, "has a socket"); }},
    {"connect_to_loopback",
     [](const Target& to) {
       const sockaddr_in address = loopback_address(to);
       const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
       return got(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connected");
     }},
    {"connect_by_sending",
     [](const Target& to) {
       const sockaddr_in address = loopback_address(to);
       const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
       const ssize_t sent =
           ::sendto(fd, "x", 1, MSG_FASTOPEN, reinterpret_cast<const sockaddr*>(&address), sizeof address);
       return got(sent >= 0 || errno != EPERM, "is let through");
     }},
    {"listen_on_loopback",
     [](const Target&) {
       const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
       return got(::listen(fd, 1) == 0, "listens");
     }},
    {"ask_a_socket_for_networks",
     [](const Target&) {
       ifconf networks{};
       const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
       return got(::ioctl(fd, SIOCGIFCONF, &networks) == 0 || (fd >= 0 && errno != EPERM), "is let through");
     }},
    {"raw_socket", [](const Target&) { return got(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0, "has a socket"); }},
    {"file_socket", [](const Target& to) { return connect_unix(to.project + "/out/socket", false); }},
    {"abstract_socket", [](const Target&) { return connect_unix("spillway-escape", true); }},
    {"see_the_networks_of_the_host",
     [](const Target&) {
       // The header's two lines and the loopback of its own.
       const int fd = ::open("/proc/net/dev", O_RDONLY);
       std::string text(10'000, '\0');
       const ssize_t count = fd < 0 ? 0 : ::read(fd, text.data(), text.size());
       text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
       return got(std::count(text.begin(), text.end(), '\n') > 3, "sees more than loopback");
     }},
    // Processes
    {"signal_the_host", [](const Target& to) { return got(::kill(to.host, 0) == 0, "reached it"); }},
    {"signal_everybody",
     [](const Target&) { return got(::kill(-1, 0) == 0 && ::getppid() > 1, "reached somebody"); }},
    {"see_other_processes",
     [](const Target&) {
       std::size_t processes = 0;
       for (const std::string& name : list("/proc"))
         processes += name.find_first_not_of("0123456789") == std::string::npos;
       return got(processes > 2, "sees more than its own and process 1");
     }},
    {"start_a_process", [](const Target&) { return in_child([] { return ::fork(); }); }},
    {"start_a_process_by_clone",
     [](const Target&) {
       return in_child([] { return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); });
     }},
    {"start_a_process_in_new_namespaces",
     [](const Target&) {
       return in_child([] {
         return static_cast<pid_t>(::syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0));
       });
     }},
    {"run_a_shell",
     [](const Target&) {
       ::execl("/bin/sh", "sh", "-c", "true", nullptr);
       return got(errno != ENOENT, "there is one");
     }},
    {"ptrace_the_parent",
     [](const Target&) { return got(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr) == 0, "attached"); }},
    {"read_memory_of_the_parent", [](const Target&) { return call(SYS_process_vm_readv, "process_vm_readv"); }},
    {"steal_a_descriptor", [](const Target&) { return call(SYS_pidfd_getfd, "pidfd_getfd"); }},
    // The kernel
    {"mount", [](const Target&) { return got(::mount("none", "/tmp", "tmpfs", 0, nullptr) == 0, "mounted"); }},
    {"unmount_the_root", [](const Target&) { return got(::umount2("/tmp", MNT_DETACH) == 0, "unmounted"); }},
    {"new_user_namespace", [](const Target&) { return got(::unshare(CLONE_NEWUSER) == 0, "has one"); }},
    {"namespace_of_process_1",
     [](const Target&) {
       const int fd = ::open("/proc/1/ns/mnt", O_RDONLY);
       return got(::setns(fd, 0) == 0, "joined") + call(SYS_setns, "setns");
     }},
    {"change_root", [](const Target&) { return got(::chroot("/tmp") == 0, "changed"); }},
    {"file_by_handle", [](const Target&) { return call(SYS_open_by_handle_at, "open_by_handle_at"); }},
    {"bpf", [](const Target&) { return call(SYS_bpf, "bpf"); }},
    {"keyctl", [](const Target&) { return call(SYS_keyctl, "keyctl"); }},
    {"perf_event_open", [](const Target&) { return call(SYS_perf_event_open, "perf_event_open"); }},
    {"userfaultfd", [](const Target&) { return call(SYS_userfaultfd, "userfaultfd"); }},
    {"io_uring", [](const Target&) { return call(SYS_io_uring_setup, "io_uring_setup"); }},
    {"kexec", [](const Target&) { return call(SYS_kexec_load, "kexec_load"); }},
    {"kernel_module", [](const Target&) { return call(SYS_finit_module, "finit_module"); }},
    {"kernel_log", [](const Target&) { return call(SYS_syslog, "syslog"); }},
    {"set_the_clock", [](const Target&) { return call(SYS_clock_settime, "clock_settime"); }},
    {"become_root", [](const Target&) { return call(SYS_setresuid, "setresuid"); }},
    {"type_into_the_terminal",
     [](const Target&) {
       char byte = 'x';
       return got(::ioctl(0, TIOCSTI, &byte) == 0 || errno != EPERM, "is let through");
     }},
    // Limits
    {"allocate_50_gigabytes",
     [](const Target&) {
       void* memory = ::mmap(nullptr, std::size_t{50} << 30, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
       return got(memory != MAP_FAILED, "has them");
     }},
    {"share_2_gigabytes",
     [](const Target&) {
       const std::size_t size = std::size_t{2} << 30;
       void* memory =
           ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
       if (memory != MAP_FAILED) std::memset(memory, 'x', size);
       return got(memory != MAP_FAILED, "has them");
     }},
    {"start_a_hundred_threads",
     [](const Target&) {
       std::atomic<bool> is_over = false;
       std::vector<std::thread> threads;
       try {
         while (threads.size() < 100) threads.emplace_back([&] { is_over.wait(false); });
       } catch (const std::system_error&) {
         // as many as it may have
       }
       const std::size_t started = threads.size();
       is_over = true;
       is_over.notify_all();
       for (std::thread& thread : threads) thread.join();
       return got(started >= 100, "started them");
     }},
    {"raise_its_limits",
     [](const Target&) {
       const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
       return got(::setrlimit(RLIMIT_DATA, &more) == 0 || ::setrlimit(RLIMIT_NOFILE, &more) == 0, "raised");
     }},
    {"open_ten_thousand_files",
     [](const Target&) {
       int opened = 0;
       while (opened < 10'000 && ::open("/dev/null", O_RDONLY) >= 0) ++opened;
       return got(opened >= 10'000, "opened them");
     }},
    {"write_a_huge_file",
     [](const Target& to) {
       const std::string path = to.project + "/out/huge";
       const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
       const bool written = ::ftruncate(fd, off_t{1} << 40) == 0;
       ::unlink(path.c_str());
       return got(written, "wrote it");
     }},
    {"fill_tmp",
     [](const Target&) {
       const int fd = ::open("/tmp/huge", O_WRONLY | O_CREAT, 0600);
       const std::string megabyte(std::size_t{1} << 20, 'x');
       int written = 0;
       while (written < 200 && ::write(fd, megabyte.data(), megabyte.size()) == ssize_t{1} << 20) ++written;
       return got(fd >= 0 && written >= 200, "wrote 200 MB");
     }},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  const auto attempt = k_attempts.find(argv[1]);
  if (attempt == k_attempts.end()) return 2;
  const std::string got_hold_of = attempt->second({argv[2], argv[3], std::stoi(argv[4])});
  std::cout << nlohmann::json{{"status", "tried"}, {"got", got_hold_of}}.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  return 0;
}
