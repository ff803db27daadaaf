#include "worker/connections.hpp"

#include <gtest/gtest.h>

#include "util/error.hpp"

namespace spillway::worker {
namespace {

pipeline::ComponentSpec spec_of(const char* family, bool is_required = true) {
  pipeline::ComponentSpec spec;
  spec.connection = pipeline::ConnectionSpec{.family = family, .is_required = is_required, .fields = {}};
  spec.connection->fields["schema"] = pipeline::Override::allowed;
  return spec;
}

TEST(WorkerConnections, AStepGetsTheFieldsOfItsConnection) {
  const Connections connections(Json{{"@postgres.main", {{"host", "db"}, {"schema", "public"}}}});
  const Json config{{"connection", "@postgres.main"}, {"table", "t"}, {"host", "elsewhere"}};
  EXPECT_EQ(connections.fields_for("s", config, spec_of("postgres")), (Json{{"host", "db"}, {"schema", "public"}}));
}

TEST(WorkerConnections, AFieldThatTheSpecListsIsOverruledByTheStep) {
  const Connections connections(Json{{"@postgres.main", {{"host", "db"}, {"schema", "public"}}}});
  const Json config{{"connection", "@postgres.main"}, {"schema", "sales"}};
  EXPECT_EQ(connections.fields_for("s", config, spec_of("postgres"))["schema"], "sales");
}

TEST(WorkerConnections, AConnectionThatWasNotGivenIsAnError) {
  const Connections connections(Json::object());
  try {
    connections.fields_for("load", {{"connection", "@postgres.main"}}, spec_of("postgres"));
    FAIL() << "no error";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().code, ErrorCode::connection);
    EXPECT_EQ(exception.error().message,
              "cannot run step 'load': the worker was not given the connection '@postgres.main'");
  }
}

TEST(WorkerConnections, ComponentsWithoutOneGetNull) {
  const Connections connections(Json::object());
  EXPECT_TRUE(connections.fields_for("s", Json::object(), {}).is_null());
  EXPECT_TRUE(connections.fields_for("s", Json::object(), spec_of("postgres", false)).is_null());
}

}  // namespace
}  // namespace spillway::worker
