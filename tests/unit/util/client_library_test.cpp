#include "util/client_library.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

Error error_of(const ClientLibrary::Names& names, const char* function) {
  try {
    int (*found)() = nullptr;
    ClientLibrary(names).load(found, function);
  } catch (const Exception& exception) {
    return exception.error();
  }
  return make_error(ErrorCode::internal, "nothing was thrown");
}

TEST(ClientLibrary, GivesAFunction) {
  int (*absolute)(int) = nullptr;
  ClientLibrary({"libc.so.6", "C", "C", "libc6", "glibc 2"}).load(absolute, "abs");
  EXPECT_EQ(absolute(-7), 7);
}

TEST(ClientLibrary, OneThatIsMissingIsToldWithItsPackage) {
  const Error error = error_of({"libnone.so.1", "the library of none", "", "libnone1", ""}, "abs");
  EXPECT_EQ(error.to_display(),
            "error: cannot load the library of none: libnone.so.1: cannot open shared object file: No such file or "
            "directory\n  hint: install libnone1, or add the folder of libnone.so.1 to LD_LIBRARY_PATH");
}

TEST(ClientLibrary, OneThatIsTooOldIsToldWithWhatItLacks) {
  const Error error = error_of({"libc.so.6", "", "the library libc.so.6", "", "glibc 3"}, "no_such_function");
  EXPECT_EQ(error.to_display(),
            "error: the library libc.so.6 has no function 'no_such_function'\n  hint: use glibc 3 or later");
}

}  // namespace
}  // namespace spillway
