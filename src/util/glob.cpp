#include "util/glob.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <system_error>

namespace spillway {
namespace fs = std::filesystem;
namespace {

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code status;
  for (fs::directory_iterator entry(folder.empty() ? fs::path(".") : folder, status), end; !status && entry != end;
       entry.increment(status)) {
    entries.push_back(*entry);
  }
  return entries;
}

/// Matches the pattern's names one after another below the folder that the names before it led to.
class Matcher {
 public:
  explicit Matcher(const fs::path& pattern) : m_names(pattern.begin(), pattern.end()) {}

  std::vector<fs::path> run() {
    match({}, 0);
    std::ranges::sort(m_found);
    const auto repeated = std::ranges::unique(m_found);  // a/**/**/b reaches the same file in several ways
    m_found.erase(repeated.begin(), repeated.end());
    return std::move(m_found);
  }

 private:
  void match(const fs::path& folder, std::size_t at) {
    const bool is_last = at + 1 == m_names.size();
    const std::string name = m_names[at].string();
    if (name == "**") return is_last ? match_any_depth(folder) : match_below(folder, at + 1);
    if (!is_glob(name)) return step(folder / m_names[at], at, is_last);
    for (const fs::directory_entry& entry : entries_of(folder)) {
      const std::string candidate = entry.path().filename().string();
      if (::fnmatch(name.c_str(), candidate.c_str(), FNM_PERIOD) == 0) step(folder / candidate, at, is_last);
    }
  }

  void step(const fs::path& path, std::size_t at, bool is_last) {
    std::error_code ignored;
    if (!is_last) return match(path, at + 1);
    if (fs::is_regular_file(path, ignored)) m_found.push_back(path);
  }

  /// The rest of the pattern in this folder and in every one below it. Links to folders are not followed: they may
  /// lead back up.
  void match_below(const fs::path& folder, std::size_t at) {
    match(folder, at);
    for (const fs::directory_entry& entry : entries_of(folder)) {
      if (is_folder(entry)) match_below(folder / entry.path().filename(), at);
    }
  }

  void match_any_depth(const fs::path& folder) {
    for (const fs::directory_entry& entry : entries_of(folder)) {
      const fs::path path = folder / entry.path().filename();
      if (is_folder(entry)) {
        match_any_depth(path);
      } else if (!is_hidden(path) && entry.is_regular_file()) {
        m_found.push_back(path);
      }
    }
  }

  static bool is_folder(const fs::directory_entry& entry) {
    std::error_code ignored;
    return !entry.is_symlink(ignored) && entry.is_directory(ignored) && !is_hidden(entry.path());
  }

  std::vector<fs::path> m_names;
  std::vector<fs::path> m_found;
};

}  // namespace

bool is_glob(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

std::vector<fs::path> expand_glob(const std::string& pattern) {
  if (!is_glob(pattern)) return {pattern};
  return Matcher(pattern).run();
}

}  // namespace spillway
