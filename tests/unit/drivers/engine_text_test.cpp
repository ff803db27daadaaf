#include "drivers/engine_text.hpp"

namespace spillway::drivers {
namespace {

TEST(EngineText, WithoutErrorType) {
  EXPECT_EQ(without_error_type("Conversion Error: x: y"), "x: y");
  EXPECT_EQ(without_error_type("cannot read 'a Error: b'"), "cannot read 'a Error: b'");
  EXPECT_EQ(without_error_type("nothing"), "nothing");
}

TEST(EngineText, TextBetween) {
  EXPECT_EQ(text_between("file \"x\": y", "file \"", "\""), "x");
  EXPECT_EQ(text_between("a: b", ": ", ""), "b");
  EXPECT_EQ(text_between("a: b", ": ", "\n"), "b") << "up to the end";
  EXPECT_EQ(text_between("a", ": ", ""), std::nullopt);
}

TEST(EngineText, ACaretIsKeptOnlyInTheUsersText) {
  const std::string message = "Binder Error: x\n\nLINE 1: SELECT nmae FROM df\n               ^";
  EXPECT_EQ(without_foreign_caret(message, "SELECT nmae FROM df"), message);
  EXPECT_EQ(without_foreign_caret(message, "SELECT other FROM df"), "Binder Error: x");
  const std::string cut = "Binder Error: x\n\nLINE 1: ...a, b, nmae FROM df WH...\n   ^";
  EXPECT_EQ(without_foreign_caret(cut, "SELECT z, a, b, nmae FROM df WHERE true"), cut);
  EXPECT_EQ(without_foreign_caret("no caret", ""), "no caret");
}

}  // namespace
}  // namespace spillway::drivers
