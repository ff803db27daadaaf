#include <signal.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "project.hpp"
#include "sandbox_support.hpp"
#include "support/process_tree.hpp"

/// Secrets that are planted wherever a run may take them from: none of them is in what the run leaves behind or
/// prints, nor in what any process of this machine shows of itself while it goes on.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;

/// Every field that may hold any text, each with a secret of its own.
const std::vector<std::string> k_fields{"host",   "database", "user",        "password", "dsn",
                                        "schema", "socket",   "sslrootcert", "sslcert",  "sslkey"};

/// Not a word of its own: with what is escaped in JSON, in SQL, in a URL and in base64.
std::string secret_of(const std::string& field) { return "planted/" + field + "\"it's 5ecret+7f3\xC3\xA9"; }

std::string url_encoded(const std::string& text, const char* digits) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      encoded += c;
    } else {
      encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return encoded;
}

std::string base64(const std::string& bytes) {
  constexpr auto k_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
    const unsigned group = static_cast<unsigned char>(bytes[i]) << 16U |
                           static_cast<unsigned char>(bytes[i + 1]) << 8U | static_cast<unsigned char>(bytes[i + 2]);
    for (const unsigned shift : {18U, 12U, 6U, 0U}) text += k_digits[group >> shift & 63U];
  }
  return text;
}

/// What a text must not hold: the value itself, or the part of an encoding that depends on nothing else.
std::vector<std::string> traces_of(const std::string& secret) {
  std::vector<std::string> traces{secret.substr(0, secret.find('"')), "5ecret+7f3", "5ecret%2B7f3", "5ecret%2b7f3"};
  for (std::size_t skipped = 0; skipped < 3; ++skipped) {
    const std::string whole = base64(secret.substr(skipped));
    traces.push_back(whole.substr(4, 16));
  }
  return traces;
}

class Secrets : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string_view("bwrap") && !no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
    m_project.write("films.csv", "id,title\n1,Alien\n");
  }

  /// Half of the fields come from .env and half from files; what the host is given by its environment, it has there.
  void plant() const {
    std::string connections = "connections:\n  postgres:\n    main:\n";
    std::string dotenv;
    bool from_file = false;
    for (const std::string& field : k_fields) {
      if (from_file) {
        m_project.write("secrets/" + field, secret_of(field) + "\n");
        connections += "      " + field + ": \"${file:secrets/" + field + "}\"\n";
      } else {
        dotenv += "PLANTED_" + field + "=" + secret_of(field) + "\n";
        connections += "      " + field + ": \"${PLANTED_" + field + "}\"\n";
      }
      from_file = !from_file;
    }
    m_project.write("spillway_connections.yaml", connections);
    m_project.write(".env", dotenv);
  }

  /// The step that would use the connection waits for the one before it, and is never started.
  void write_pipeline(const std::string& query) const {
    Step rows{"rows", "postgres.extractor", {{"connection", "@postgres.main"}, {"query", "SELECT 1"}}};
    rows.needs = {"compute"};
    Step write = csv_writer("write", "out/rows.csv");
    m_project.write_pipeline({csv_extractor("read-films", "films.csv"), processor("compute", query), rows, write});
  }
  std::vector<std::string> arguments() const {
    return {"run", std::string("--sandbox=") + GetParam(), "pipeline.yaml"};
  }

  void expect_no_secret(const std::string& text, const std::string& where) const {
    for (const std::string& field : k_fields) {
      for (const std::string& trace : traces_of(secret_of(field))) {
        EXPECT_EQ(text.find(trace), std::string::npos) << where << " shows " << field << " as " << trace << "\n"
                                                       << text;
      }
    }
  }
  void expect_no_secret(const ProcessResult& result) const {
    expect_no_secret(result.out, "standard output");
    expect_no_secret(result.err, "standard error");
    for (const auto& entry : fs::recursive_directory_iterator(m_project / "logs")) {
      if (entry.is_regular_file()) expect_no_secret(read_text(entry.path()), entry.path());
    }
  }

  Project m_project;
};

TEST_P(Secrets, AreInNoProcessAndNoFileWhileARunGoesOn) {
  plant();
  write_pipeline(k_endless_sql);
  std::vector<std::string> command = arguments();
  command.insert(command.begin(), spillway_program());
  Process process(command, {.directory = m_project.path()});
  ASSERT_TRUE(process.wait_for_error_text("read-films"));
  ASSERT_GE(descendants(::getpid()).size(), GetParam() == std::string_view("local") ? 1U : 3U);
  for (const pid_t pid : all_processes()) {
    for (const char* file : {"cmdline", "environ"}) {
      expect_no_secret(proc_file(pid, file), "/proc/" + std::to_string(pid) + "/" + file);
    }
  }
  process.send_signal(SIGINT);
  const ProcessResult result = process.wait();
  EXPECT_EQ(result.exit_code, 130) << result.err;
  expect_no_secret(result);
  const Json prepare = m_project.latest_run().commands().at(0);
  ASSERT_EQ(prepare["cmd"], "prepare");
  EXPECT_EQ(prepare["connections"]["@postgres.main"].size(), k_fields.size());
  for (const Json& value : prepare["connections"]["@postgres.main"]) EXPECT_EQ(value, "***");
}

/// An error of the worker that quotes the secret, in every form: event, answer, run card, log and terminal.
TEST_P(Secrets, AreMaskedInAnErrorThatShowsThem) {
  plant();
  const std::string secret = secret_of("password");
  for (const std::string& shown :
       {secret, url_encoded(secret, "0123456789ABCDEF"), url_encoded(secret, "0123456789abcdef"),
        base64("u:" + secret + "  "), base64("us:" + secret + "  "), base64("use:" + secret + "  ")}) {
    std::string quoted = "\"";
    for (const char c : shown) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    m_project.write("films.csv", "id\n" + quoted + "\"\n");
    write_pipeline("SELECT id::INTEGER AS id FROM df");
    const ProcessResult result = m_project.spillway(arguments());
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find("***"), std::string::npos) << result.err;
    expect_no_secret(result);
    fs::remove_all(m_project / "logs");
  }
}

/// The host has these in its own environment, and hands them to nobody.
TEST_P(Secrets, OfTheEnvironmentStayWithTheHost) {
  m_project.write("spillway_connections.yaml",
                  "connections: {postgres: {main: {password: \"${PLANTED_PASSWORD}\"}}}\n");
  write_pipeline(k_endless_sql);
  std::vector<std::string> command = arguments();
  command.insert(command.begin(), spillway_program());
  Process process(command,
                  {.directory = m_project.path(), .environment = {{"PLANTED_PASSWORD", secret_of("password")}}});
  ASSERT_TRUE(process.wait_for_error_text("read-films"));
  for (const pid_t pid : all_processes()) {
    if (pid == process.pid()) continue;
    expect_no_secret(proc_file(pid, "environ"), "/proc/" + std::to_string(pid) + "/environ");
  }
  process.send_signal(SIGINT);
  expect_no_secret(process.wait());
}

INSTANTIATE_TEST_SUITE_P(Targets, Secrets, ::testing::Values("local", "process", "bwrap"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace spillway::testing
