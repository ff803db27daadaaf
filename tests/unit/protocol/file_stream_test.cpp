#include "protocol/file_stream.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/file_receiver.hpp"
#include "support/temp_dir.hpp"
#include "util/error.hpp"

/// Both ends of a stream of files.
namespace spillway::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Heard : public TarVisitor {
 public:
  void folder(const std::string& name) override { said.push_back("folder " + name); }
  void begin_file(const std::string& name, std::uint64_t size) override {
    said.push_back("file " + name + " " + std::to_string(size));
  }
  void append(std::string_view bytes) override { count += bytes.size(); }
  void end_file() override { said.emplace_back("end"); }

  std::vector<std::string> said;
  std::size_t count = 0;
};

class FileStreamTest : public ::testing::Test {
 protected:
  SentEntry file(const std::string& name, std::size_t size) {
    std::ofstream(m_folder / name) << std::string(size, 'x');
    return {"files/" + name, false, m_folder / name, size};
  }
  /// Everything that a stream gives.
  static std::vector<FilesData> pieces(FileStream& stream, FilesEnd& end) {
    std::vector<FilesData> list;
    while (auto piece = stream.next()) {
      if (auto* data = std::get_if<FilesData>(&*piece)) {
        list.push_back(std::move(*data));
      } else {
        end = std::get<FilesEnd>(*piece);
      }
    }
    return list;
  }
  std::string refusal(const FilesStart& start, const std::vector<FilesData>& pieces, const FilesEnd& end) {
    try {
      FileReceiver receiver(start, m_heard);
      for (const FilesData& piece : pieces) receiver.append(piece.bytes);
      receiver.finish(end);
    } catch (const Exception& exception) {
      EXPECT_EQ(exception.error().code, ErrorCode::protocol);
      return exception.error().message;
    }
    return "accepted";
  }

  testing::TempDir m_folder;
  Heard m_heard;
};

TEST_F(FileStreamTest, ArrivesAsItWasSent) {
  FileStream stream({{"folder", true}, file("small", 3), file("large", 3'000'000), {"name only"}});
  EXPECT_EQ(stream.start().entries, 4U);
  EXPECT_EQ(stream.start().bytes, 3'000'003U);
  FilesEnd end;
  const std::vector<FilesData> list = pieces(stream, end);
  EXPECT_GT(list.size(), 5U);
  for (const FilesData& piece : list) EXPECT_LE(piece.bytes.size(), k_max_piece_bytes);
  EXPECT_EQ(refusal(stream.start(), list, end), "accepted");
  EXPECT_THAT(m_heard.said, ElementsAre("folder folder", "file files/small 3", "end", "file files/large 3000000",
                                        "end", "file name only 0", "end"));
  EXPECT_EQ(m_heard.count, 3'000'003U);
}

TEST_F(FileStreamTest, AnotherHashIsRefused) {
  FileStream stream({file("small", 3)});
  FilesEnd end;
  std::vector<FilesData> list = pieces(stream, end);
  EXPECT_THAT(refusal(stream.start(), list, {std::string(64, '0')}), HasSubstr("their SHA-256 is " + end.sha256));
  // A bit that fell over on the way, in the content.
  list[0].bytes[512] = static_cast<char>(list[0].bytes[512] ^ 1);
  EXPECT_THAT(refusal(stream.start(), list, end), HasSubstr("not " + end.sha256 + " as their sender says"));
}

TEST_F(FileStreamTest, AStreamThatIsCutIsRefused) {
  FileStream stream({file("large", 1'000'000)});
  FilesEnd end;
  std::vector<FilesData> list = pieces(stream, end);
  list.pop_back();
  EXPECT_THAT(refusal(stream.start(), list, end), HasSubstr("refused the files that came"));
}

TEST_F(FileStreamTest, MoreThanWasAnnouncedIsRefusedBeforeItsEnd) {
  FileStream stream({file("large", 20'000'000)});
  FilesEnd end;
  const std::vector<FilesData> list = pieces(stream, end);
  EXPECT_THAT(refusal({"", 1, 10, {}}, list, end), HasSubstr("has 20000000 bytes, more than were announced"));
}

TEST_F(FileStreamTest, TooManyEntriesAreRefusedAtOnce) {
  EXPECT_EQ(refusal({"", 1'000'001, 0, {}}, {}, {}),
            "refused the files that came: 1000001 entries, the limit is 1000000");
}

TEST_F(FileStreamTest, AFileThatBecomesShorterIsNotSent) {
  SentEntry entry = file("shrinks", 10);
  entry.size = 11;
  FileStream stream({entry});
  try {
    while (stream.next()) {
    }
    FAIL();
  } catch (const Exception& exception) {
    EXPECT_THAT(exception.error().message, HasSubstr("shrinks': it became shorter while it was read"));
  }
}

TEST_F(FileStreamTest, AFileThatGrowsIsSentAsItWasAnnounced) {
  SentEntry entry = file("grows", 10);
  entry.size = 9;
  FileStream stream({entry});
  FilesEnd end;
  const std::vector<FilesData> list = pieces(stream, end);
  EXPECT_EQ(refusal(stream.start(), list, end), "accepted");
}

}  // namespace
}  // namespace spillway::protocol
