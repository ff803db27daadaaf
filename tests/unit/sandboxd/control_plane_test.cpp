#include "sandboxd/control_plane.hpp"

#include <gtest/gtest.h>

namespace spillway::sandboxd {
namespace {

using Filter = std::map<std::string, std::string>;

TEST(ControlPlane, KnowsItsPaths) {
  for (const char* path : {"/sandboxes", "/sandboxes/i1", "/v2/sandboxes", "/v2/sandboxes/i1/connect"}) {
    EXPECT_TRUE(is_control_path(path)) << path;
  }
  for (const char* path : {"/", "/files", "/sandboxesx", "/v3/sandboxes", "/health"}) {
    EXPECT_FALSE(is_control_path(path)) << path;
  }
}

TEST(MetadataFilter, IsEncodedAsAWholeAndInItsParts) {
  EXPECT_EQ(parse_metadata_filter(""), Filter());
  EXPECT_EQ(parse_metadata_filter("a=b&c=d"), (Filter{{"a", "b"}, {"c", "d"}}));
  // As the SDK sends {"a b": "&=+%"}, what the query adds undone.
  EXPECT_EQ(parse_metadata_filter("a%2520b=%2526%253D%252B%2525"), (Filter{{"a b", "&=+%"}}));
  EXPECT_EQ(parse_metadata_filter("a=x%2525y"), (Filter{{"a", "x%y"}}));
  EXPECT_EQ(parse_metadata_filter("a=b=c&d="), (Filter{{"a", "b=c"}, {"d", ""}}));
  EXPECT_EQ(parse_metadata_filter("a=%&b=%4"), (Filter{{"a", "%"}, {"b", "%4"}}));
}

TEST(MetadataFilter, WithoutAValueIsRefused) {
  try {
    parse_metadata_filter("a");
    FAIL() << "it is taken";
  } catch (Refused& refused) {
    const HttpResponse response = refused.take_response();
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(std::get<std::string>(response.body), R"({"code":400,"message":"'metadata' has to be k=v&k2=v2"})");
  }
}

}  // namespace
}  // namespace spillway::sandboxd
