#include "sandboxd/agent_files.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "sandboxd/rpc_error.hpp"
#include "util/clock.hpp"

namespace spillway::sandboxd {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

constexpr std::size_t k_most_entries = 100'000;
constexpr mode_t k_new_file = 0666;
constexpr mode_t k_permissions = 07777;
constexpr std::uint64_t k_deepest = 64;

[[noreturn]] void fail_at(const std::string& path, int reason) {
  if (reason == ENOENT) throw RpcError(RpcCode::not_found, fmt::format("path '{}' does not exist", path));
  throw rpc_error_of(reason, fmt::format("path '{}'", path));
}

/// Opens nothing that waits for somebody, or is a device.
Fd open_regular(const std::string& path, int flags) {
  Fd file(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, k_new_file));
  if (!file && errno != EISDIR) fail_at(path, errno);
  struct stat info {};
  if (!file || (::fstat(file.get(), &info) == 0 && S_ISDIR(info.st_mode))) {
    throw RpcError(RpcCode::invalid_argument, fmt::format("path '{}' is a directory", path));
  }
  if (!S_ISREG(info.st_mode)) {
    throw RpcError(RpcCode::invalid_argument, fmt::format("path '{}' is no regular file", path));
  }
  return file;
}

/// As ls -l shows them.
std::string permissions_text(mode_t mode) {
  std::string text = S_ISDIR(mode) ? "d" : S_ISLNK(mode) ? "L" : "-";
  constexpr std::string_view k_letters = "rwxrwxrwx";
  for (std::size_t i = 0; i < k_letters.size(); ++i) {
    text += (mode & (0400U >> i)) != 0 ? k_letters[i] : '-';
  }
  return text;
}

const char* type_of(mode_t mode) {
  if (S_ISDIR(mode)) return "FILE_TYPE_DIRECTORY";
  return S_ISLNK(mode) ? "FILE_TYPE_SYMLINK" : "FILE_TYPE_FILE";
}

std::string user_name(uid_t id) {
  const passwd* user = ::getpwuid(id);
  return user == nullptr ? std::to_string(id) : user->pw_name;
}

std::string group_name(gid_t id) {
  const group* found = ::getgrgid(id);
  return found == nullptr ? std::to_string(id) : found->gr_name;
}

Json entry_of(const fs::path& path, const struct stat& info) {
  const WallTime changed{std::chrono::duration_cast<WallTime::duration>(
      std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec))};
  Json entry{{"name", path.filename().string()},
             {"type", type_of(info.st_mode)},
             {"path", path.string()},
             {"mode", info.st_mode & k_permissions},
             {"permissions", permissions_text(info.st_mode)},
             {"owner", user_name(info.st_uid)},
             {"group", group_name(info.st_gid)},
             {"modifiedTime", to_iso8601(changed)}};
  // Numbers of 64 bits are texts in this JSON, and what is zero is left out.
  if (info.st_size > 0) entry["size"] = std::to_string(info.st_size);
  if (S_ISLNK(info.st_mode)) {
    std::error_code ignored;
    entry["symlinkTarget"] = fs::read_symlink(path, ignored).string();
  }
  return entry;
}

void make_folders(const fs::path& folder) {
  std::error_code status;
  fs::create_directories(folder, status);
  if (status) fail_at(folder.string(), status.value());
}

void add_entries(Json& entries, const fs::path& folder, std::uint64_t depth) {
  std::error_code status;
  fs::directory_iterator at(folder, status);
  if (status) fail_at(folder.string(), status.value());
  for (; at != fs::directory_iterator(); at.increment(status)) {
    struct stat info {};
    if (::lstat(at->path().c_str(), &info) != 0) continue;
    if (entries.size() >= k_most_entries) {
      throw RpcError(RpcCode::resource_exhausted, fmt::format("the folder has more than {} entries", k_most_entries));
    }
    entries.push_back(entry_of(at->path(), info));
    if (depth > 1 && S_ISDIR(info.st_mode)) add_entries(entries, at->path(), depth - 1);
  }
}

}  // namespace

std::string absolute_path(const std::string& path) {
  if (path.find('\0') != std::string::npos) throw RpcError(RpcCode::invalid_argument, "a path has no NUL");
  if (path == "~") return k_home;
  if (path.starts_with("~/")) return (fs::path(k_home) / path.substr(2)).lexically_normal().string();
  return (fs::path(k_home) / path).lexically_normal().string();
}

Fd open_to_read(const std::string& path) { return open_regular(path, O_RDONLY); }

Fd open_to_write(const std::string& path) {
  make_folders(fs::path(path).parent_path());
  return open_regular(path, O_WRONLY | O_CREAT | O_TRUNC);
}

Json stat_entry(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) fail_at(path, errno);
  return entry_of(path, info);
}

Json list_folder(const std::string& path, std::uint64_t depth) {
  std::error_code status;
  if (const fs::file_status found = fs::status(path, status); fs::exists(found) && !fs::is_directory(found)) {
    throw RpcError(RpcCode::invalid_argument, fmt::format("path '{}' is not a directory", path));
  }
  Json entries = Json::array();
  add_entries(entries, path, std::min(std::max<std::uint64_t>(depth, 1), k_deepest));
  return entries;
}

Json make_folder(const std::string& path) {
  std::error_code status;
  const fs::file_status found = fs::status(path, status);
  if (fs::is_directory(found)) {
    throw RpcError(RpcCode::already_exists, fmt::format("directory '{}' already exists", path));
  }
  if (fs::exists(found)) {
    throw RpcError(RpcCode::invalid_argument, fmt::format("path '{}' already exists and is no directory", path));
  }
  make_folders(path);
  return stat_entry(path);
}

Json move_entry(const std::string& from, const std::string& to) {
  struct stat info {};
  if (::lstat(from.c_str(), &info) != 0) fail_at(from, errno);
  make_folders(fs::path(to).parent_path());
  if (::rename(from.c_str(), to.c_str()) != 0) fail_at(to, errno);
  return stat_entry(to);
}

void remove_entry(const std::string& path) {
  std::error_code status;
  fs::remove_all(path, status);
  if (status) fail_at(path, status.value());
}

}  // namespace spillway::sandboxd
