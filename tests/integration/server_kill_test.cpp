#include <chrono>
#include <cstdlib>
#include <future>
#include <optional>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "durable_databases.hpp"
#include "support/driver_fixture.hpp"
#include "support/long_form.hpp"

/// Servers that are killed at random moments while a writer is at work: what they have written before is kept, all of
/// it, and what they were writing is there as a whole or not at all.
namespace spillway::testing {
namespace {

using drivers::Json;
using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int k_rows = 20'000;
constexpr int k_old_rows = 100;
constexpr int k_kills = 2;        ///< of each writer and mode
constexpr int k_kills_long = 25;  ///< 200 in all
constexpr unsigned k_seed = 5;

struct KilledWriter {
  const char* family;
  const char* mode;
};

class ServerKill : public DriverTest, public ::testing::WithParamInterface<KilledWriter> {
 protected:
  static DatabaseUnderTest& db() { return durable_database(GetParam().family); }
  Json connection_fields() const override { return db().socket_fields(); }

  static bool is_mode(std::string_view mode) { return GetParam().mode == mode; }

  /// The rows that are there before: the first few are of the input too, for upsert to change.
  static void fill_target() {
    const bool has_keys_in_common = is_mode("upsert");
    db().sql("DROP TABLE IF EXISTS c; CREATE TABLE c (id int PRIMARY KEY, s varchar(200))");
    std::string values;
    for (int i = 0; i < k_old_rows; ++i) {
      values += fmt::format("{}({}, 'old')", i == 0 ? "" : ", ", has_keys_in_common ? i - k_old_rows / 2 : -1 - i);
    }
    db().sql("INSERT INTO c VALUES " + values);
  }
  /// Rows, keys and texts; by the server.
  static std::string target() {
    return db().sql("SELECT COUNT(*), SUM(id), SUM(LENGTH(s)), COUNT(DISTINCT id) FROM c");
  }
  std::uint64_t write() {
    return run(db().writer(),
               {{"table", "c"}, {"write_mode", GetParam().mode}, {"primary_key", "id"}, {"batch_size", 1000}},
               {{"df", "frame"}})
        .rows_written;
  }
  /// What it says when it fails.
  std::optional<Error> try_to_write() {
    try {
      write();
      return std::nullopt;
    } catch (const Exception& exception) {
      return exception.error();
    }
  }

  /// Before the end or anywhere: what happens at the end is short.
  milliseconds random_moment(milliseconds duration) {
    const auto whole = static_cast<unsigned>(duration.count());
    const unsigned last = whole / 4;
    return milliseconds(m_random() % 2 == 0 ? m_random() % (whole + 1) : whole - last + m_random() % (2 * last + 1));
  }

  std::mt19937 m_random{k_seed};
};

TEST_P(ServerKill, LeavesTheTableAsItWasOrComplete) {
  make_frame(fmt::format("SELECT CAST(i AS INTEGER) AS id, repeat('x', 100) AS s FROM range({}) AS r(i)", k_rows));
  db().start_over();
  fill_target();
  const std::string before = target();
  const auto start = std::chrono::steady_clock::now();
  write();
  const auto duration = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
  const std::string complete = target();

  const int kills = is_long_form() ? k_kills_long : k_kills;
  int kept = 0;
  for (int kill = 1; kill <= kills; ++kill) {
    SCOPED_TRACE(fmt::format("kill {}", kill));
    // Every other time the server is back before the writer gives up.
    const bool is_away = kill % 2 == 1;
    fill_target();
    auto writing = std::async(std::launch::async, [this] { return try_to_write(); });
    writing.wait_for(random_moment(duration));
    db().server().crash();
    if (!is_away) db().server().restart();
    const std::optional<Error> error = writing.get();
    if (is_away) db().server().restart();

    const std::string after = target();
    EXPECT_TRUE(after == complete || (error && after == before)) << after;
    kept += error && after == before ? 1 : 0;
    if (error) {
      EXPECT_EQ(error->code, ErrorCode::connection) << error->to_display();
      EXPECT_THAT(error->message, StartsWith("cannot write table 'c': "));
      EXPECT_THAT(error->hint, AnyOf(HasSubstr("run it again when the server is back"), HasSubstr("the server runs"),
                                     HasSubstr("look whether they are there before running it again")));
    }
    // Who runs an append again that was complete asks for its rows twice.
    const bool is_done = is_mode("append") && after == complete;
    if (!is_done) {
      EXPECT_EQ(write(), static_cast<std::uint64_t>(k_rows));
    }
    EXPECT_EQ(target(), complete);
    EXPECT_EQ(db().tables(), "c\n");
    if (HasFailure()) return;
  }
  // A few moments may all be too late.
  if (is_long_form()) {
    EXPECT_GT(kept, 0);
  }
}

std::vector<KilledWriter> killed_writers() {
  std::vector<KilledWriter> writers;
  for (const char* family : {"postgres", "mysql"}) {
    for (const char* mode : {"append", "replace", "truncate", "upsert"}) writers.push_back({family, mode});
  }
  return writers;
}

INSTANTIATE_TEST_SUITE_P(Writers, ServerKill, ::testing::ValuesIn(killed_writers()), [](const auto& tested) {
  return fmt::format("{}_{}", tested.param.family, tested.param.mode);
});

}  // namespace
}  // namespace spillway::testing
