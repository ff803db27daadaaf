#include <fmt/format.h>

#include "integration/postgres_fixture.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;
using ::testing::Not;

class PostgresConnection : public PostgresTest {
 protected:
  /// What the server says of the connection.
  std::string tls() { return read("SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0][0].value(); }
  Error connect_error() {
    const Error error = error_of("postgres.extractor", {{"query", "SELECT 1"}});
    EXPECT_THAT(error.to_display(), Not(HasSubstr("pa ss")));
    return error;
  }
};

TEST_F(PostgresConnection, GoesByTcpAndBySocketWithAnyPassword) {
  EXPECT_EQ(tls(), "false");
  fields = tcp_fields();
  EXPECT_EQ(tls(), "true");
}

TEST_F(PostgresConnection, TlsIsCheckedAsFarAsAsked) {
  fields = tcp_fields();
  fields["sslmode"] = "disable";
  EXPECT_EQ(tls(), "false");
  fields["sslmode"] = "require";
  EXPECT_EQ(tls(), "true");
  fields["sslmode"] = "verify-full";
  fields["sslrootcert"] = server().ca_file().string();
  EXPECT_EQ(tls(), "true");
  fields["sslrootcert"] = server().other_ca_file().string();
  Error error = connect_error();
  EXPECT_EQ(error.code, ErrorCode::connection);
  EXPECT_THAT(error.message, HasSubstr("certificate verify failed"));
  EXPECT_EQ(error.hint,
            "sslrootcert names the file of the authority that signed the server's certificate; or that has expired");
}

TEST_F(PostgresConnection, ANameThatTheCertificateIsNotForIsRefused) {
  fields = tcp_fields();
  fields["host"] = "127.0.0.1";
  fields["sslrootcert"] = server().ca_file().string();
  fields["sslmode"] = "verify-full";
  EXPECT_EQ(tls(), "true");
  fields["host"] = "127.0.0.2";
  fields["sslmode"] = "verify-ca";
  const Error error = connect_error();  // nobody listens there
  EXPECT_THAT(error.message, HasSubstr("Connection refused"));
}

TEST_F(PostgresConnection, ADsnHoldsAllOfIt) {
  fields = {{"dsn", server().dsn("postgres")}};
  EXPECT_EQ(read("SELECT current_database()"), (Rows{{"postgres"}}));
  fields["database"] = "spillway";
  EXPECT_EQ(read("SELECT current_database()"), (Rows{{"spillway"}}));
  fields = {{"dsn", fmt::format("postgresql://spillway:pa ss word@127.0.0.1:{}x/postgres", server().port())}};
  EXPECT_THAT(connect_error().to_display(), Not(HasSubstr("word@")));
}

TEST_F(PostgresConnection, AWrongPasswordIsNotTriedAgain) {
  fields = tcp_fields();
  fields["password"] = "hunter2";
  const Error error = connect_error();
  EXPECT_EQ(error.code, ErrorCode::connection);
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("password authentication failed for user \"spillway\""));
  EXPECT_THAT(error.to_display(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(error.hint, "check user and password of the connection");
  EXPECT_THAT(error.context, ::testing::IsEmpty());
}

TEST_F(PostgresConnection, ADatabaseThatIsNotThereIsNamed) {
  fields["database"] = "it's \"none\"";
  const Error error = connect_error();
  EXPECT_THAT(error.message, HasSubstr("database \"it's \"none\"\" does not exist"));
  EXPECT_EQ(error.hint, "check database and user of the connection");
}

TEST_F(PostgresConnection, AServerThatIsDownIsTriedAgain) {
  fields = tcp_fields();
  fields["port"] = 1;
  const Error error = connect_error();
  EXPECT_THAT(error.full_message(), HasSubstr("after 4 attempts"));
  EXPECT_EQ(error.hint, "check host and port of the connection, and that the server runs");
}

}  // namespace
}  // namespace spillway::testing
