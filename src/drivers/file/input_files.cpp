#include "drivers/file/input_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <set>

#include <fmt/format.h>

#include "drivers/file/config.hpp"
#include "engine/sql.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/glob.hpp"

namespace spillway::drivers::file {
namespace fs = std::filesystem;
namespace {

/// What stands before the part of a path that is shown: of one below the base folder, and of any other.
std::vector<std::string> hidden_prefixes(const StepContext& context) {
  const std::string base = below_root(context.files_root, context.base_dir.lexically_normal()).string();
  std::vector<std::string> prefixes{base.ends_with('/') ? base : base + "/"};
  if (!context.files_root.empty()) prefixes.push_back(context.files_root.string());
  return prefixes;
}

std::string cannot_read(const std::string& shown) { return fmt::format("cannot read '{}'", shown); }

std::string where_paths_start(const StepContext& context, const std::string& text) {
  if (fs::path(text).is_absolute()) return {};
  return fmt::format("relative paths start at '{}'", context.base_dir.string());
}

std::vector<fs::path> expand(const StepContext& context, const std::string& text) {
  const std::string pattern = absolute_path(context, text).string();
  std::error_code ignored;
  // A file whose name merely looks like a pattern.
  if (fs::is_regular_file(pattern, ignored)) return {pattern};
  std::vector<fs::path> files = expand_glob(pattern);
  if (files.empty()) {
    fail(ErrorCode::file_not_found, cannot_read(text) + ": no file matches this pattern",
         where_paths_start(context, text));
  }
  return files;
}

}  // namespace

fs::path absolute_path(const StepContext& context, const std::string& text) {
  return below_root(context.files_root, (context.base_dir / text).lexically_normal());
}

std::string shown_path(const StepContext& context, const fs::path& path) {
  std::string text = path.string();
  for (const std::string& prefix : hidden_prefixes(context)) {
    if (text.starts_with(prefix)) return text.substr(prefix.size());
  }
  return text;
}

void check_readable(const InputFile& file, const std::string& missing_hint) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  const Fd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    const int reason = errno;
    fail(os_error(reason, cannot_read(file.shown), reason == ENOENT ? missing_hint : std::string()));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail(os_error(errno, cannot_read(file.shown)));
  if (S_ISDIR(status.st_mode)) {
    fail(ErrorCode::io, cannot_read(file.shown) + ": it is a folder",
         fmt::format("name its files with a pattern: {}/*", file.shown));
  }
  if (!S_ISREG(status.st_mode)) {
    fail(ErrorCode::unsupported, cannot_read(file.shown) + ": it is no regular file",
         "write its content to a file first: it is read more than once");
  }
  if (status.st_size == 0) fail(ErrorCode::bad_data, cannot_read(file.shown) + ": the file is empty");
}

std::vector<InputFile> input_files(const StepContext& context) {
  std::vector<InputFile> files;
  std::set<fs::path> seen;
  for (const std::string& text : texts(context.config, "path")) {
    for (const fs::path& path : expand(context, text)) {
      if (!seen.insert(path).second) continue;
      InputFile& file = files.emplace_back(InputFile{path, shown_path(context, path)});
      check_readable(file, where_paths_start(context, text));
    }
  }
  return files;
}

const InputFile* file_in(std::string_view message, const std::vector<InputFile>& files) {
  const InputFile* found = nullptr;
  for (const InputFile& file : files) {
    const bool is_longer = found == nullptr || file.path.string().size() > found->path.string().size();
    if (is_longer && message.find(file.path.string()) != std::string_view::npos) found = &file;
  }
  return found;
}

std::string described(const std::vector<InputFile>& files) {
  std::string first = fmt::format("'{}'", files.front().shown);
  if (files.size() == 1) return first;
  return fmt::format("{} and {} more file{}", first, files.size() - 1, files.size() == 2 ? "" : "s");
}

std::string shown_path_sql(const StepContext& context, const std::string& name) {
  const std::string column = engine::quote_identifier(name);
  std::string cases;
  for (const std::string& prefix : hidden_prefixes(context)) {
    // SQL counts characters, not bytes: the prefix may hold others than ASCII.
    cases += fmt::format("WHEN starts_with({0}, {1}) THEN substr({0}, length({1}) + 1) ", column,
                         engine::quote_literal(prefix));
  }
  return fmt::format("CASE {}ELSE {} END", cases, column);
}

}  // namespace spillway::drivers::file
