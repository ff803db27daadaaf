#include "util/error.hpp"

#include <cerrno>
#include <new>
#include <stdexcept>

namespace spillway {
namespace {

TEST(Error, DisplayIsTheContractsForm) {
  Error error =
      make_error(ErrorCode::invalid_pipeline, "unknown component 'x': it does not exist", "did you mean 'y'?");
  EXPECT_EQ(error.to_display(), "error: unknown component 'x': it does not exist\n  hint: did you mean 'y'?");
  error.location = Location{"p.yaml", 3, 7};
  EXPECT_EQ(error.to_display(),
            "p.yaml:3:7: error: unknown component 'x': it does not exist\n  hint: did you mean 'y'?");
}

TEST(Error, ContextFollowsTheMessage) {
  const Error error =
      make_error(ErrorCode::io, "cannot write 'a'").with_context("while spilling").with_context("in step 's'");
  EXPECT_EQ(error.full_message(), "cannot write 'a', while spilling, in step 's'");
}

TEST(Error, CodesHaveUniqueNamesThatAreReadBack) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    const auto value = static_cast<ErrorCode>(code);
    EXPECT_EQ(error_code_from_string(to_string(value)), value);
    EXPECT_FALSE(error_type(value).empty());
  }
  EXPECT_FALSE(error_code_from_string("no_such_code"));
}

TEST(Error, OsErrorsGetTheCodeThatFits) {
  EXPECT_EQ(os_error(ENOENT, "cannot read 'x'").code, ErrorCode::file_not_found);
  EXPECT_EQ(os_error(EACCES, "cannot read 'x'").code, ErrorCode::permission_denied);
  EXPECT_EQ(os_error(ENOSPC, "cannot write 'x'").code, ErrorCode::disk_full);
  EXPECT_EQ(os_error(EFBIG, "cannot write 'x'").code, ErrorCode::disk_full);
  EXPECT_EQ(os_error(EFBIG, "cannot write 'x'").hint, "this file system takes no larger file: write to another one");
  EXPECT_EQ(os_error(EIO, "cannot read 'x'").code, ErrorCode::io);
  EXPECT_EQ(os_error(ENOENT, "cannot read 'x'").message, "cannot read 'x': No such file or directory");
}

TEST(Error, ALocationLeavesOutWhatIsUnknown) {
  EXPECT_EQ((Location{"a.yaml", 0, 0}).to_string(), "a.yaml");
  EXPECT_EQ((Location{"a.yaml", 4, 0}).to_string(), "a.yaml:4");
  EXPECT_EQ((Location{"a.yaml", 4, 2}).to_string(), "a.yaml:4:2");
}

Error error_of(void (*thrower)()) {
  try {
    thrower();
  } catch (...) {
    return current_error();
  }
  return {};
}

TEST(Error, AnyExceptionBecomesAnError) {
  EXPECT_EQ(error_of([] { fail(ErrorCode::sql, "bad"); }).code, ErrorCode::sql);
  EXPECT_EQ(error_of([] { throw std::bad_alloc(); }).code, ErrorCode::out_of_memory);
  EXPECT_EQ(error_of([] { throw std::bad_alloc(); }).message, "out of memory: this machine has no more");
  EXPECT_EQ(error_of([] { throw std::runtime_error("odd"); }).message, "odd");
  EXPECT_EQ(error_of([] { throw 1; }).code, ErrorCode::internal);
}

}  // namespace
}  // namespace spillway
