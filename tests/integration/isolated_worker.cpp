#include "isolated_worker.hpp"

#include <cstdlib>

#include "support/process.hpp"

namespace spillway::testing {

std::vector<std::string> isolated_worker() {
  const std::string program = spillway_program();
  std::vector<std::string> words{"bwrap", "--unshare-all", "--die-with-parent", "--clearenv", "--tmpfs", "/tmp"};
  for (const char* kept : {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(kept)) words.insert(words.end(), {"--setenv", kept, value});
  }
  words.insert(words.end(), {"--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64"});
  words.insert(words.end(), {"/lib64", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"});
  words.insert(words.end(), {"--ro-bind", program, program, "--ro-bind", DUCKDB_LIBRARY_DIR, DUCKDB_LIBRARY_DIR});
  words.insert(words.end(), {"--proc", "/proc", "--dev", "/dev", "--chdir", "/"});
  words.insert(words.end(), {"--", program, "worker"});
  return words;
}

std::string isolated_worker_script() {
  std::string script = "exec";
  for (const std::string& word : isolated_worker()) script += " '" + word + "'";
  return script + "\n";
}

}  // namespace spillway::testing
