#include "util/tar.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_dir.hpp"
#include "util/error.hpp"
#include "util/file.hpp"

namespace spillway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::size_t k_block = 512;
constexpr std::size_t k_type_at = 156;
constexpr std::size_t k_link_at = 157;
constexpr std::size_t k_size_at = 124;
constexpr std::size_t k_magic_at = 257;
constexpr std::size_t k_sum_at = 148;
constexpr std::size_t k_sum_size = 8;

struct Collected {
  std::vector<std::string> folders;
  std::map<std::string, std::string> files;
};

class Collector : public TarVisitor {
 public:
  explicit Collector(Collected& collected) : m_collected(collected) {}

  void folder(const std::string& name) override { m_collected.folders.push_back(name); }
  void begin_file(const std::string& name, std::uint64_t) override { m_name = name, m_collected.files[name]; }
  void append(std::string_view bytes) override { m_collected.files[m_name] += bytes; }
  void end_file() override {}

 private:
  Collected& m_collected;
  std::string m_name;
};

std::string tar_of(const std::vector<std::pair<std::string, std::string>>& files) {
  TarWriter writer;
  for (const auto& [name, bytes] : files) {
    writer.begin_file(name, bytes.size());
    writer.append(bytes);
  }
  writer.finish();
  return writer.take();
}

/// The first header changed, its sum made right again.
std::string with_header(std::string tar, std::size_t at, const std::string& bytes) {
  tar.replace(at, bytes.size(), bytes);
  tar.replace(k_sum_at, k_sum_size, k_sum_size, ' ');
  unsigned sum = 0;
  for (std::size_t i = 0; i < k_block; ++i) sum += static_cast<unsigned char>(tar[i]);
  char text[k_sum_size + 1];
  std::snprintf(text, sizeof text, "%06o", sum);
  tar.replace(k_sum_at, 7, text, 7);
  return tar;
}

Collected read(const std::string& tar, const TarContent& announced, std::size_t piece = 1000) {
  Collected collected;
  Collector collector(collected);
  TarReader reader(announced, collector);
  for (std::size_t at = 0; at < tar.size(); at += piece) reader.append(std::string_view(tar).substr(at, piece));
  reader.finish();
  return collected;
}

std::string refusal(const std::string& tar, const TarContent& announced) {
  try {
    read(tar, announced);
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, ErrorCode::protocol);
    return exception.error().message;
  }
  return "accepted";
}

TEST(Tar, WhatIsWrittenIsRead) {
  const std::string long_name = std::string(150, 'd') + "/" + std::string(150, 'f') + ".csv";
  TarWriter writer;
  writer.add_folder("home/you");
  writer.begin_file("home/you/größe \xff.csv", 5);
  writer.append("id\n");
  writer.append("1\n");
  writer.begin_file(long_name, 0);
  writer.begin_file("last", 100'000);
  writer.append(std::string(100'000, 'x'));
  writer.finish();
  const std::string tar = writer.take();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{511}, std::size_t{1} << 20}) {
    const Collected seen = read(tar, {4, 100'005}, piece);
    EXPECT_THAT(seen.folders, ElementsAre("home/you"));
    EXPECT_THAT(seen.files,
                ::testing::UnorderedElementsAre(Pair("home/you/größe \xff.csv", "id\n1\n"), Pair(long_name, ""),
                                                Pair("last", std::string(100'000, 'x'))));
  }
}

TEST(Tar, OfNothing) { EXPECT_THAT(read(tar_of({}), {0, 0}).files, IsEmpty()); }

TEST(Tar, AFileOfManyGigabytesHasItsSize) {
  TarWriter writer;
  writer.begin_file("large", std::uint64_t{20} << 30);
  const std::string tar = writer.take();
  EXPECT_EQ(refusal(tar, {1, std::uint64_t{20} << 30}), "refused the files that came: they are cut");
  EXPECT_EQ(refusal(tar, {1, (std::uint64_t{20} << 30) - 1}),
            "refused the files that came: 'large' has 21474836480 bytes, more than were announced");
}

TEST(Tar, OtherBytesThanWereSaid) {
  TarWriter writer;
  writer.begin_file("short", 3);
  writer.append("a");
  writer.begin_file("next", 1);
  writer.append("b");
  EXPECT_THROW(writer.append("c"), Exception);
  writer.finish();
  EXPECT_THAT(read(writer.take(), {2, 4}).files,
              ::testing::UnorderedElementsAre(Pair("short", std::string("a\0\0", 3)), Pair("next", "b")));
}

TEST(Tar, NamesThatLeadElsewhereAreRefused) {
  const TarContent one{1, 1};
  EXPECT_EQ(refusal(tar_of({{"/etc/passwd", "x"}}), one),
            "refused the files that came: the name '/etc/passwd' is absolute");
  for (const char* name : {"../up", "a/../../up", "a/./b", "a//b", ".", ".."}) {
    EXPECT_EQ(refusal(tar_of({{name, "x"}}), one),
              std::string("refused the files that came: the name '") + name + "' has an empty part, '.' or '..'");
  }
}

TEST(Tar, LinksAndDevicesAreRefused) {
  const std::string tar = tar_of({{"name", "x"}});
  for (const char* type : {"1", "2", "3", "4", "6"}) {
    std::string changed = with_header(with_header(tar, k_type_at, type), k_link_at, "target");
    EXPECT_THAT(refusal(changed, {1, 1}), HasSubstr("'name' is neither a regular file nor a folder")) << type;
  }
}

TEST(Tar, OtherContentThanWasAnnouncedIsRefused) {
  const std::string tar = tar_of({{"a", "12345"}, {"b", "6"}});
  EXPECT_EQ(refusal(tar, {2, 5}), "refused the files that came: 'b' has 1 bytes, more than were announced");
  EXPECT_EQ(refusal(tar, {1, 6}), "refused the files that came: more than the 1 announced");
  EXPECT_EQ(refusal(tar, {2, 7}), "refused the files that came: 2 entries of 7 bytes were announced, 2 of 6 came");
  EXPECT_EQ(refusal(tar, {3, 6}), "refused the files that came: 3 entries of 6 bytes were announced, 2 of 6 came");
  EXPECT_EQ(refusal(tar_of({{"a", "1"}, {"a", "2"}}), {2, 2}), "refused the files that came: 'a' came twice");
}

TEST(Tar, AStreamThatIsCutIsRefusedWhereverItIs) {
  const std::string tar = tar_of({{"a", std::string(700, 'x')}, {"b", "6"}});
  for (std::size_t size = 0; size < tar.size(); size += 100) {
    EXPECT_EQ(refusal(tar.substr(0, size), {2, 701}), "refused the files that came: they are cut") << size;
  }
}

TEST(Tar, AStreamThatGoesOnIsRefused) {
  EXPECT_EQ(refusal(tar_of({{"a", "1"}}) + std::string(100'000, 'x'), {1, 1}),
            "refused the files that came: they go on after their end");
}

TEST(Tar, WhatIsNoTarIsRefused) {
  const std::string answer = "refused the files that came: they are no tar stream of GNU's format";
  const std::string tar = tar_of({{"name", "x"}});
  EXPECT_EQ(refusal(std::string(5000, 'x'), {1, 1}), answer);
  // A sum that is wrong, another format, and an entry behind a block of zeros.
  EXPECT_EQ(refusal("m" + tar.substr(1), {1, 1}), answer);
  EXPECT_EQ(refusal(with_header(tar, k_magic_at,
                                std::string("ustar\0"
                                            "00",
                                            8)),
                    {1, 1}),
            answer);
  EXPECT_EQ(refusal(std::string(k_block, '\0') + tar, {0, 0}), answer);
}

TEST(Tar, SizesThatAreNoneAreRefused) {
  const std::string tar = tar_of({{"name", "x"}});
  for (const std::string& size : {std::string("0000000000x"), std::string(11, ' '), std::string("-0000000001"),
                                  "\xff" + std::string(11, '\xff'), "\x80" + std::string(11, '\xff')}) {
    EXPECT_EQ(refusal(with_header(tar, k_size_at, size), {1, 1}), "refused the files that came: 'name' has no size");
  }
  TarWriter folder;
  folder.add_folder("name");
  EXPECT_EQ(refusal(with_header(folder.take(), k_size_at, "00000000001"), {1, 1}),
            "refused the files that came: the folder 'name' has content");
}

TEST(Tar, ANameThatIsTooLongIsRefused) {
  EXPECT_EQ(refusal(tar_of({{std::string(65'535, 'n'), "x"}}), {1, 1}), "accepted");
  for (const std::size_t size : {65'536, 100'000}) {
    EXPECT_EQ(refusal(tar_of({{std::string(size, 'n'), "x"}}), {1, 1}),
              "refused the files that came: a name has more than 65536 bytes, or none");
  }
}

/// What everybody else's programs write: `--format=gnu`, the default of GNU tar.
TEST(Tar, WhatGnuTarWritesIsRead) {
  testing::TempDir dir;
  const std::string long_name = std::string(120, 'd') + "/" + std::string(120, 'f');
  std::filesystem::create_directories((dir / long_name).parent_path());
  write_file_atomically(dir / long_name, "long", Durability::process);
  write_file_atomically(dir / "a.csv", "id\n1\n", Durability::process);
  // Blocks of one: without padding at the end.
  const std::string pack = "tar --format=gnu -cb1 -f packed.tar -C '" + dir.path().string() + "' a.csv ddd*";
  ASSERT_EQ(std::system(("cd '" + dir.path().string() + "' && " + pack).c_str()), 0);
  const Collected seen = read(read_file(dir / "packed.tar").value(), {3, 9});
  EXPECT_THAT(seen.folders, ElementsAre(std::string(120, 'd')));
  EXPECT_THAT(seen.files, ::testing::UnorderedElementsAre(Pair("a.csv", "id\n1\n"), Pair(long_name, "long")));
}

}  // namespace
}  // namespace spillway
