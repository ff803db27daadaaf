#include "run/last_compile.hpp"

#include <cerrno>
#include <string_view>

#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::run {
namespace {

constexpr std::string_view k_pointer = "build/.last_compile";
constexpr std::uint64_t k_max_path_bytes = 64 * 1024;

}  // namespace

void remember_compile(const std::filesystem::path& manifest) {
  create_directories("build");
  write_file_atomically(k_pointer, manifest.string() + "\n", Durability::process);
}

Result<std::string> last_compiled() {
  auto path = read_file(k_pointer, k_max_path_bytes);
  if (path) return std::string(trim(*path));
  Error error = std::move(path.error());
  if (error.os_errno == ENOENT) {
    error = make_error(ErrorCode::usage, "option '--last-compile' finds nothing: no pipeline was compiled here",
                       "spillway compile PIPELINE compiles one");
  }
  return Failure(std::move(error));
}

}  // namespace spillway::run
