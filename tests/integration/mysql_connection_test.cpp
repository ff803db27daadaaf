#include "integration/mysql_fixture.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;
using ::testing::Not;

class MysqlConnection : public MysqlTest {
 protected:
  /// What the server says of the connection.
  std::string tls() {
    const Rows found = read(
        "SELECT variable_value FROM information_schema.session_status WHERE variable_name = "
        "'SSL_VERSION'");
    return found[0][0].value();
  }
  Error connect_error() {
    const Error error = error_of("mysql.extractor", {{"query", "SELECT 1"}});
    EXPECT_THAT(error.to_display(), Not(HasSubstr("pa ss")));
    return error;
  }
};

TEST_F(MysqlConnection, GoesByTcpAndBySocketWithAnyPassword) {
  EXPECT_EQ(tls(), "");
  fields = tcp_fields();
  EXPECT_EQ(tls(), "TLSv1.3");
  fields["host"] = "localhost";
  EXPECT_EQ(tls(), "TLSv1.3");
}

TEST_F(MysqlConnection, TlsIsCheckedAsFarAsAsked) {
  fields = tcp_fields();
  fields["sslmode"] = "disable";
  EXPECT_EQ(tls(), "");
  fields["sslmode"] = "require";
  EXPECT_EQ(tls(), "TLSv1.3");
  for (const char* mode : {"verify-ca", "verify-full"}) {
    fields["sslmode"] = mode;
    fields["sslrootcert"] = server().ca_file().string();
    EXPECT_EQ(tls(), "TLSv1.3") << mode;
    fields["sslrootcert"] = server().other_ca_file().string();
    const Error error = connect_error();
    EXPECT_EQ(error.code, ErrorCode::connection) << mode;
    EXPECT_THAT(error.message, HasSubstr("TLS/SSL error")) << mode;
    EXPECT_EQ(error.hint, "sslrootcert names the file of the authority that signed the server's certificate");
  }
  fields["sslmode"] = "verify-ca";
  fields.erase("sslrootcert");
  EXPECT_THAT(connect_error().message, HasSubstr("sslmode verify-ca needs sslrootcert"));
  fields["sslmode"] = "verifyfull";
  EXPECT_EQ(connect_error().to_display(),
            "error: cannot read the query: cannot connect to MySQL: invalid sslmode value: \"verifyfull\"\n"
            "  hint: sslmode is one of disable, prefer, require, verify-ca, verify-full");
}

TEST_F(MysqlConnection, AWrongPasswordIsNotTriedAgain) {
  fields = tcp_fields();
  fields["password"] = "hunter2";
  const Error error = connect_error();
  EXPECT_EQ(error.to_display(),
            "error: cannot read the query: cannot connect to MySQL: Access denied for user 'spillway'@'127.0.0.1' "
            "(using password: YES) [error 1045]\n  hint: check user and password of the connection");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.context, ::testing::IsEmpty());
}

TEST_F(MysqlConnection, ADatabaseThatIsNotThereIsNamed) {
  fields["database"] = "it's `none`";
  EXPECT_EQ(connect_error().to_display(),
            "error: cannot read the query: cannot connect to MySQL: Unknown database 'it's `none`' [error 1049]\n"
            "  hint: check the connection's database");
}

TEST_F(MysqlConnection, AServerThatIsDownIsTriedAgain) {
  fields = tcp_fields();
  fields["port"] = 1;
  const Error error = connect_error();
  EXPECT_THAT(error.full_message(), HasSubstr("after 4 attempts"));
  EXPECT_EQ(error.hint, "check host and port of the connection, and that the server runs");
}

TEST_F(MysqlConnection, TheServerSeesWhoItIs) {
  EXPECT_EQ(
      read("SELECT attr_value FROM performance_schema.session_connect_attrs WHERE attr_name = 'program_name' AND "
           "processlist_id = CONNECTION_ID()"),
      (Rows{{"spillway run_1 step"}}));
}

}  // namespace
}  // namespace spillway::testing
