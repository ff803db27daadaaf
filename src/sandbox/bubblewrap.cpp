#include "sandbox/bubblewrap.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

constexpr auto k_usual_path = "/usr/local/bin:/usr/bin:/bin";  // where a service or a job has no PATH
constexpr std::array k_kernel_folders{"/proc/sys",  "/proc/irq",  "/proc/bus",    "/proc/fs",
                                      "/proc/acpi", "/proc/scsi", "/proc/driver", "/proc/tty"};
constexpr std::array k_kernel_files{"/proc/sysrq-trigger", "/proc/kcore",      "/proc/kmsg",       "/proc/keys",
                                    "/proc/timer_list",    "/proc/kallsyms",   "/proc/mtrr",       "/proc/key-users",
                                    "/proc/kpagecount",    "/proc/kpageflags", "/proc/kpagecgroup"};

}  // namespace

std::string find_bwrap() {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? k_usual_path : path, ':')) {
    std::string program = (fs::path(folder) / "bwrap").string();
    if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  fail(ErrorCode::sandbox, "cannot make the sandbox: bubblewrap (bwrap) is not installed",
       "apt-get install bubblewrap; or give up confinement: --sandbox=process isolates memory only");
}

void add_mount(std::vector<std::string>& options, const Mount& mount) {
  const std::string source = (mount.source.empty() ? mount.path : mount.source).string();
  const std::string path = mount.path.string();
  switch (mount.kind) {
    case Mount::Kind::readable:
      options.insert(options.end(), {"--ro-bind", source, path});
      break;
    case Mount::Kind::writable:
      options.insert(options.end(), {"--bind", source, path});
      break;
    case Mount::Kind::empty_folder:
      options.insert(options.end(), {"--dir", path});
      break;
    case Mount::Kind::hidden:
      options.insert(options.end(), {"--tmpfs", path});
      break;
  }
}

void hide_kernel(std::vector<std::string>& options) {
  std::error_code ignored;
  for (const char* folder : k_kernel_folders) {
    if (fs::is_directory(folder, ignored)) options.insert(options.end(), {"--tmpfs", folder, "--remount-ro", folder});
  }
  for (const char* file : k_kernel_files) {
    if (fs::exists(file, ignored)) options.insert(options.end(), {"--ro-bind", "/dev/null", file});
  }
}

}  // namespace spillway::sandbox
