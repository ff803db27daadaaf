#include "util/glob.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace spillway {
namespace {

namespace fs = std::filesystem;

class GlobTest : public ::testing::Test {
 protected:
  GlobTest() {
    for (const char* name : {"b.csv", "a.csv", "c.txt", ".hidden.csv", "2024/x.csv", "2024/q1/y.csv", "2025/x.csv"}) {
      fs::create_directories((m_dir / name).parent_path());
      std::ofstream(m_dir / name) << name;
    }
    fs::create_directory(m_dir / "folder.csv");
  }

  /// Matches, relative to the test's folder.
  std::vector<std::string> matches(const std::string& pattern) {
    std::vector<std::string> names;
    for (const fs::path& path : expand_glob((m_dir / pattern).string())) {
      names.push_back(fs::relative(path, m_dir.path()).string());
    }
    return names;
  }
  using Names = std::vector<std::string>;

  testing::TempDir m_dir;
};

TEST_F(GlobTest, StarMatchesFilesOfOneFolderSorted) {
  EXPECT_EQ(matches("*.csv"), (Names{"a.csv", "b.csv"})) << "neither hidden files nor folders";
  EXPECT_EQ(matches("*"), (Names{"a.csv", "b.csv", "c.txt"}));
  EXPECT_EQ(matches(".*.csv"), (Names{".hidden.csv"}));
}

TEST_F(GlobTest, QuestionMarkAndSet) {
  EXPECT_EQ(matches("?.csv"), (Names{"a.csv", "b.csv"}));
  EXPECT_EQ(matches("[bc].*"), (Names{"b.csv", "c.txt"}));
  EXPECT_EQ(matches("[!b].csv"), (Names{"a.csv"}));
}

TEST_F(GlobTest, FoldersCanBePatternsToo) {
  EXPECT_EQ(matches("202?/x.csv"), (Names{"2024/x.csv", "2025/x.csv"}));
  EXPECT_EQ(matches("2024/*/*.csv"), (Names{"2024/q1/y.csv"}));
}

TEST_F(GlobTest, TwoStarsMatchAnyDepth) {
  EXPECT_EQ(matches("**/*.csv"), (Names{"2024/q1/y.csv", "2024/x.csv", "2025/x.csv", "a.csv", "b.csv"}));
  EXPECT_EQ(matches("2024/**"), (Names{"2024/q1/y.csv", "2024/x.csv"}));
  EXPECT_EQ(matches("**/**/x.csv"), (Names{"2024/x.csv", "2025/x.csv"})) << "each once";
}

TEST_F(GlobTest, ALinkToAFolderAboveIsNoLoop) {
  fs::create_directory_symlink(m_dir.path(), m_dir / "2024/up");
  EXPECT_EQ(matches("**/y.csv"), (Names{"2024/q1/y.csv"}));
}

TEST_F(GlobTest, NoMatchIsEmpty) {
  EXPECT_EQ(matches("*.parquet"), Names{});
  EXPECT_EQ(matches("no/such/*"), Names{});
}

TEST_F(GlobTest, APathThatIsNoPatternComesBackAsItIs) {
  EXPECT_FALSE(is_glob("data/x.csv"));
  EXPECT_EQ(expand_glob("data/not there.csv"), (std::vector<fs::path>{"data/not there.csv"}));
}

}  // namespace
}  // namespace spillway
