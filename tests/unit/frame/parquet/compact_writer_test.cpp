#include "frame/parquet/compact_writer.hpp"

#include <string>

namespace spillway::frame::parquet {
namespace {

using namespace std::string_literals;

class CompactWriterTest : public ::testing::Test {
 protected:
  std::string m_out;
  CompactWriter m_writer{m_out};
};

TEST_F(CompactWriterTest, AFieldHasTheStepFromTheOneBeforeAndItsType) {
  m_writer.begin();
  m_writer.i32(1, 3);
  m_writer.i64(4, -1);
  m_writer.i8(6, -1);
  m_writer.boolean(7, true);
  m_writer.boolean(8, false);
  m_writer.binary(9, "ab");
  m_writer.end();
  EXPECT_EQ(m_out, "\x15\6\x36\1\x23\xFF\x11\x12\x18\2ab\0"s);
}

TEST_F(CompactWriterTest, AStepOfMoreThanFifteenIsWrittenAsTheNumber) {
  m_writer.begin();
  m_writer.i32(20, 0);
  m_writer.end();
  EXPECT_EQ(m_out, "\5\x28\0\0"s);
}

TEST_F(CompactWriterTest, AStructCountsItsFieldsByItself) {
  m_writer.begin();
  m_writer.begin(2);
  m_writer.i32(1, 0);
  m_writer.end();
  m_writer.i32(3, 0);
  m_writer.end();
  EXPECT_EQ(m_out, "\x2C\x15\0\0\x15\0\0"s);
}

TEST_F(CompactWriterTest, AListHasItsSizeInFourBitsOrBehindThem) {
  m_writer.begin();
  m_writer.list(1, CompactWriter::Element::i32, 1);
  m_writer.element(1);
  m_writer.list(2, CompactWriter::Element::binary, 15);
  for (int i = 0; i < 15; ++i) m_writer.element("");
  m_writer.end();
  EXPECT_EQ(m_out, "\x19\x15\2\x19\xF8\xF"s + std::string(15, '\0') + "\0"s);
}

}  // namespace
}  // namespace spillway::frame::parquet
