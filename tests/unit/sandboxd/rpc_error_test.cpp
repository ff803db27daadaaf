#include "sandboxd/rpc_error.hpp"

#include <cerrno>

#include <gtest/gtest.h>

#include "sandboxd/json_response.hpp"

namespace spillway::sandboxd {
namespace {

TEST(RpcError, CodesHaveNamesAndStatuses) {
  for (const auto& [code, name, status] : {std::tuple(RpcCode::invalid_argument, "invalid_argument", 400U),
                                           {RpcCode::unauthenticated, "unauthenticated", 401U},
                                           {RpcCode::not_found, "not_found", 404U},
                                           {RpcCode::already_exists, "already_exists", 409U},
                                           {RpcCode::resource_exhausted, "resource_exhausted", 429U},
                                           {RpcCode::unimplemented, "unimplemented", 501U},
                                           {RpcCode::internal, "internal", 500U}}) {
    EXPECT_EQ(to_string(code), name);
    EXPECT_EQ(rpc_code_from_string(name), code);
    EXPECT_EQ(http_status(code), status);
  }
  EXPECT_EQ(rpc_code_from_string("no such code"), RpcCode::internal);
}

TEST(RpcError, FromErrno) {
  const RpcError error = rpc_error_of(ENOSPC, "cannot write '/tmp/a'");
  EXPECT_EQ(error.code(), RpcCode::resource_exhausted);
  EXPECT_STREQ(error.what(), "cannot write '/tmp/a': No space left on device");
  EXPECT_EQ(rpc_error_of(EROFS, "x").code(), RpcCode::permission_denied);
  EXPECT_EQ(rpc_error_of(EIO, "x").code(), RpcCode::internal);
}

TEST(RpcError, AFullDiskHasAStatusOfItsOwnWhereFilesAreWritten) {
  const HttpResponse response = error_response(rpc_error_of(ENOSPC, "cannot write '/tmp/a'"));
  EXPECT_EQ(response.status, 507U);
  EXPECT_EQ(std::get<std::string>(response.body),
            R"({"code":507,"message":"cannot write '/tmp/a': No space left on device"})");
}

}  // namespace
}  // namespace spillway::sandboxd
