#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

/// The dependency rule of ARCHITECTURE.md, read off the includes:
/// util <- {protocol, pipeline, config, engine} <- {frame, e2b} <- drivers <- worker <- sandbox <- {run, sandboxd} <-
/// {report, cli} <- main
namespace spillway {
namespace {

namespace fs = std::filesystem;

/// Folders of one level do not include each other; each may include every lower level.
const std::vector<std::set<std::string>> k_levels{
    {"util"},
    {"protocol", "pipeline", "config", "engine"},
    {"frame", "e2b"},
    {"drivers"},
    {"worker"},
    {"sandbox"},
    {"run", "sandboxd"},
    {"report", "cli"},
    {"main"},
};

/// What the database families share is no family itself.
constexpr const char* k_shared_family = "sql";

/// Headers of third parties, and the only folders (or folders in them) that may include them.
const std::map<std::string, std::set<std::string>> k_third_parties{
    {"duckdb.h", {"engine"}},       {"CLI/", {"cli"}},          {"yaml-cpp/", {"pipeline", "config"}},
    {"valijson/", {"pipeline"}},    {"openssl/", {"util"}},     {"zlib.h", {"sandboxd", "util"}},
    {"zstd.h", {"frame/parquet"}},  {"seccomp.h", {"sandbox"}}, {"libpq", {"drivers/postgres"}},
    {"mysql.h", {"drivers/mysql"}}, {"curl/", {"util/http"}},   {"microhttpd.h", {"sandboxd"}},
};

struct Include {
  fs::path file;
  std::string folder;     ///< first folder below src, or "main"
  std::string subfolder;  ///< second folder below src, else empty
  std::string target;
};

int level_of(const std::string& folder) {
  for (std::size_t level = 0; level < k_levels.size(); ++level) {
    if (k_levels[level].contains(folder)) return static_cast<int>(level);
  }
  return -1;
}

std::vector<Include> all_includes() {
  const fs::path src = fs::path(SPILLWAY_SOURCE_DIR) / "src";
  const std::regex pattern(R"re(^\s*#include\s+[<"]([^>"]+)[>"])re");
  std::vector<Include> includes;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(src)) {
    const std::string extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    const fs::path relative = fs::relative(entry.path(), src);
    const std::vector<fs::path> parts(relative.begin(), relative.end());
    const std::string folder = parts.size() == 1 ? "main" : parts[0].string();
    const std::string subfolder = parts.size() > 2 ? parts[1].string() : "";
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (std::regex_search(line, match, pattern)) includes.push_back({relative, folder, subfolder, match[1]});
    }
  }
  return includes;
}

TEST(Layering, EveryFolderHasALevel) {
  for (const Include& include : all_includes()) EXPECT_GE(level_of(include.folder), 0) << include.file;
}

TEST(Layering, NoFolderIncludesAHigherOneOrANeighbour) {
  for (const Include& include : all_includes()) {
    const std::size_t slash = include.target.find('/');
    if (slash == std::string::npos) continue;
    const std::string target = include.target.substr(0, slash);
    const int target_level = level_of(target);
    if (target_level < 0 || target == include.folder) continue;
    EXPECT_LT(target_level, level_of(include.folder)) << include.file << " includes " << include.target;
  }
}

TEST(Layering, DriverFamiliesDoNotKnowEachOther) {
  for (const Include& include : all_includes()) {
    if (include.folder != "drivers" || include.subfolder.empty() || !include.target.starts_with("drivers/")) continue;
    const std::string rest = include.target.substr(std::string("drivers/").size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string::npos) continue;
    if (rest.substr(0, slash) == k_shared_family) continue;
    EXPECT_EQ(rest.substr(0, slash), include.subfolder) << include.file << " includes " << include.target;
  }
}

TEST(Layering, ThirdPartyHeadersStayInTheirFolders) {
  for (const Include& include : all_includes()) {
    for (const auto& [header, folders] : k_third_parties) {
      if (!include.target.starts_with(header)) continue;
      const bool may = folders.contains(include.folder) || folders.contains(include.folder + "/" + include.subfolder);
      EXPECT_TRUE(may) << include.file << " includes " << include.target;
    }
  }
}

TEST(Layering, TheTestSeesTheSources) { EXPECT_GT(all_includes().size(), 100U); }

}  // namespace
}  // namespace spillway
