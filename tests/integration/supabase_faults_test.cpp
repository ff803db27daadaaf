#include <chrono>
#include <future>

#include "integration/supabase_fixture.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;
using ::testing::Not;
using Serve = RestFault::Serve;

class SupabaseFaults : public SupabaseTest {
 protected:
  SupabaseFaults() { sql("CREATE TABLE w (id int PRIMARY KEY, v text)"); }

  const RestFault busy{.status = 429, .body = "{\"message\": \"too many requests\"}", .retry_after = "0"};
  const RestFault starting{
      .status = 503,
      .body = R"({"code": "PGRST002", "message": "Could not query the database for the schema cache. Retrying."})"};
  const RestFault gateway{.status = 502, .body = "<html>\n<h1>Bad Gateway</h1>"};
  const RestFault cut{};
  const RestFault cut_after_commit{.serve = Serve::yes};
  const Json upsert{{"write_mode", "upsert"}, {"primary_key", "id"}, {"batch_size", 2}};
  const std::string five = "SELECT range AS id, 'r' || range AS v FROM range(5)";
};

TEST_F(SupabaseFaults, ReadingIsTriedAgain) {
  sql("INSERT INTO w VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  const Rows all{{"1", "a"}, {"2", "b"}, {"3", "c"}};
  for (const RestFault& fault : {busy, starting, gateway, cut, cut_after_commit}) {
    rest().fail_next("GET", {fault, fault});
    EXPECT_EQ(read_table("w", {{"batch_size", 2}}), all) << fault.status;
  }
}

TEST_F(SupabaseFaults, ThePauseIsAsLongAsTheServerAsks) {
  RestFault later = busy;
  later.retry_after = "2";
  rest().fail_next("GET", {later});
  const auto start = std::chrono::steady_clock::now();
  read_table("w");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST_F(SupabaseFaults, InTheEndItIsGivenUp) {
  rest().fail_next("GET", {gateway, gateway, gateway, gateway});
  const Error error = error_of("supabase.extractor", {{"table", "w"}});
  EXPECT_EQ(error.full_message(), "cannot read table 'w': <html> <h1>Bad Gateway</h1> [HTTP 502], after 4 attempts");
  EXPECT_FALSE(error.retryable);
}

TEST_F(SupabaseFaults, AnUpsertIsTriedAgainWhateverHappened) {
  for (const std::vector<RestFault>& faults :
       {std::vector{busy, starting, cut_after_commit}, std::vector{gateway, cut, cut_after_commit}}) {
    rest().fail_next("POST", faults);
    EXPECT_EQ(write(five, upsert), 5U);
    EXPECT_EQ(all(), "0\tr0\n1\tr1\n2\tr2\n3\tr3\n4\tr4\n");
  }
}

TEST_F(SupabaseFaults, AnAppendIsTriedAgainWhenNothingWasDone) {
  rest().fail_next("POST", {busy, starting, busy});
  EXPECT_EQ(write(five, {{"batch_size", 2}}), 5U);
  EXPECT_EQ(all(), "0\tr0\n1\tr1\n2\tr2\n3\tr3\n4\tr4\n");
}

TEST_F(SupabaseFaults, AnAppendOfUnknownOutcomeIsNotRepeated) {
  rest().fail_next("POST", {cut_after_commit});
  const Error error = write_error(five, {{"batch_size", 5}});
  EXPECT_THAT(error.message, HasSubstr("cannot write table 'w': cannot reach Supabase: "));
  EXPECT_THAT(error.message, HasSubstr("; whether rows 1 to 5 of the input were written is not known"));
  EXPECT_EQ(error.hint,
            "look at what is there before running it again; write_mode: upsert may always be repeated, and channel: "
            "postgres commits all or nothing");
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(sql("SELECT count(*) FROM w"), "5\n");
}

TEST_F(SupabaseFaults, AFailedAppendTellsWhatIsThere) {
  sql("INSERT INTO w VALUES (3, 'in the way')");
  const Error error = write_error(five, {{"batch_size", 2}});
  EXPECT_EQ(error.message,
            "cannot write table 'w': duplicate key value violates unique constraint \"w_pkey\"; Key (id)=(3) already "
            "exists [HTTP 409, 23505]; the first 2 rows of the input were committed before");
  EXPECT_EQ(all(), "0\tr0\n1\tr1\n3\tin the way\n");
  const Error first = write_error("SELECT 3 AS id, 'x' AS v", {});
  EXPECT_THAT(first.message, Not(HasSubstr("committed")));
  EXPECT_EQ(first.hint, "write_mode: upsert with primary_key updates the rows that are there");
}

TEST_F(SupabaseFaults, AFailedUpsertMayBeRunAgain) {
  rest().before_each([](int request) {
    if (request == 3) sql("ALTER TABLE w ADD CHECK (id < 2)");
  });
  const Error error = write_error(five, upsert);
  EXPECT_THAT(error.message, HasSubstr("violates check constraint"));
  EXPECT_THAT(error.message, HasSubstr("; the first 2 rows of the input were committed before"));
  EXPECT_EQ(error.hint, "run it again: rows that are there are met by their key");
}

TEST_F(SupabaseFaults, AWrongKeyIsNotTriedAgainNorShown) {
  fields["service_role_key"] = "hunter2-planted";
  const Error error = error_of("supabase.extractor", {{"table", "w"}});
  EXPECT_EQ(error.to_display(),
            "error: cannot read table 'w': No suitable key or wrong key type [HTTP 401, PGRST301]\n"
            "  hint: check the connection's key: it is of another project, or has expired");
  EXPECT_EQ(error.code, ErrorCode::connection);
  EXPECT_EQ(rest().take_log().size(), 1U);
}

TEST_F(SupabaseFaults, AStaleSchemaCacheIsExplained) {
  rest().freeze_schema_cache("t");
  sql("CREATE TABLE fresh (id int)");
  EXPECT_EQ(write_error("SELECT 1 AS id", {{"table", "fresh"}}).to_display(),
            "error: cannot write table 'fresh': there is no table 'fresh' that REST shows\n"
            "  hint: NOTIFY pgrst, 'reload schema' in the database tells PostgREST of tables that are new");
  rest().reload_schema_cache();
  EXPECT_EQ(write("SELECT 1 AS id", {{"table", "fresh"}}), 1U);
  for (const auto& [code, hint] : std::vector<std::pair<std::string, std::string>>{
           {"PGRST204", "NOTIFY pgrst, 'reload schema' in the database tells PostgREST of columns that are new"},
           {"PGRST205",
            "check the name; NOTIFY pgrst, 'reload schema' in the database tells PostgREST of new tables"}}) {
    rest().fail_next("POST", {{.status = 404, .body = Json{{"code", code}, {"message", "not in the cache"}}.dump()}});
    const Error error = write_error("SELECT 1 AS id", {{"table", "fresh"}});
    EXPECT_EQ(error.to_display(),
              "error: cannot write table 'fresh': not in the cache [HTTP 404, " + code + "]\n  hint: " + hint);
  }
}

TEST_F(SupabaseFaults, ASlowServerIsLeftWhenTheStepIsCancelled) {
  sql("INSERT INTO w VALUES (1, 'a')");
  std::promise<void> left;
  rest().before_each([this, gone = left.get_future().share()](int) {
    cancel().cancel();
    gone.wait();  // no answer before the client gave up
  });
  EXPECT_EQ(error_of("supabase.extractor", {{"table", "w"}}).code, ErrorCode::cancelled);
  left.set_value();
}

TEST_F(SupabaseFaults, AServerThatIsNotThereIsNamed) {
  fields["url"] = "http://127.0.0.1:1";
  const Error error = error_of("supabase.extractor", {{"table", "w"}});
  EXPECT_THAT(error.full_message(), HasSubstr("cannot read table 'w': cannot reach Supabase: Failed to connect to "
                                              "127.0.0.1 port 1"));
  EXPECT_THAT(error.full_message(), HasSubstr(", after 4 attempts"));
  EXPECT_EQ(error.hint, "check url of the connection, and that the server runs");
  fields["url"] = "ftp://127.0.0.1:1";
  EXPECT_THAT(error_of("supabase.extractor", {{"table", "w"}}).message, HasSubstr("ftp"));
}

TEST_F(SupabaseFaults, TlsIsVerified) {
  RestServer https(server(), RestServer::Tls::on);
  fields["url"] = https.url();
  const Error error = error_of("supabase.extractor", {{"table", "w"}});
  EXPECT_THAT(error.message, HasSubstr("cannot reach Supabase: SSL certificate problem"));
  EXPECT_EQ(error.hint, "sslrootcert names the file of the authority that signed the server's certificate");
  fields["sslrootcert"] = server().other_ca_file().string();
  EXPECT_THAT(error_of("supabase.extractor", {{"table", "w"}}).message, HasSubstr("SSL certificate problem"));
  EXPECT_TRUE(https.take_log().empty());
  fields["sslrootcert"] = server().ca_file().string();
  EXPECT_EQ(write(five, {{"batch_size", 2}}), 5U);
  EXPECT_EQ(read_table("w").size(), 5U);
}

}  // namespace
}  // namespace spillway::testing
