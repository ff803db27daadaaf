#include <unistd.h>

#include <chrono>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "e2b/bundle.hpp"
#include "e2b/connect_stream.hpp"
#include "e2b/owner.hpp"
#include "integration/sandbox_support.hpp"
#include "support/e2b_server.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "util/base64.hpp"
#include "util/file.hpp"

namespace spillway::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class E2bVerbs : public ::testing::Test {
 protected:
  ProcessResult run(const std::vector<std::string>& arguments, std::map<std::string, std::string> more = {}) {
    more.insert({{"E2B_API_KEY", E2bServer::k_key},
                 {"E2B_API_URL", server.url()},
                 {"E2B_SANDBOX_URL", server.url()},
                 {"XDG_CACHE_HOME", (folder / "cache").string()}});
    ProcessResult result = run_spillway(arguments, {.directory = folder.path(), .environment = more});
    EXPECT_THAT(result.out + result.err, ::testing::Not(HasSubstr(E2bServer::k_key)));
    return result;
  }
  void make_cache() { fs::create_directories(folder / "cache"); }

  static Json sandbox_of(const std::string& id, e2b::Metadata metadata) {
    return {{"sandboxID", id},
            {"templateID", "base"},
            {"state", "running"},
            {"cpuCount", 2},
            {"memoryMB", 512},
            {"startedAt", "2026-11-28T10:00:0" + id.substr(1) + "Z"},
            {"endAt", "2026-11-28T10:05:00Z"},
            {"metadata", std::move(metadata)}};
  }
  /// One of a run that goes on (this process), one whose run is gone, one of another machine.
  Json three_sandboxes() const {
    e2b::Metadata here = e2b::owner_metadata("run_1");
    e2b::Metadata gone = e2b::owner_metadata("run_2");
    gone[e2b::k_pid_key] = "999999999";
    e2b::Metadata elsewhere = e2b::owner_metadata("run_3");
    elsewhere[e2b::k_host_key] = "another";
    return {sandbox_of("i3", elsewhere), sandbox_of("i1", here), sandbox_of("i2", gone)};
  }

  TempDir folder;
  E2bServer server;
};

TEST_F(E2bVerbs, SandboxesAreListedByTheirStart) {
  server.script("GET /v2/sandboxes", {{200, three_sandboxes().dump()}});
  const ProcessResult listed = run({"sandboxes"});
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_EQ(listed.out,
            "i1  run_1  running here  started 2026-11-28T10:00:01Z  ends 2026-11-28T10:05:00Z  2 CPUs, 512 MiB\n"
            "i2  run_2  gone  started 2026-11-28T10:00:02Z  ends 2026-11-28T10:05:00Z  2 CPUs, 512 MiB\n"
            "i3  run_3  elsewhere  started 2026-11-28T10:00:03Z  ends 2026-11-28T10:05:00Z  2 CPUs, 512 MiB\n");
  EXPECT_THAT(server.take_lines(), ElementsAre("GET /v2/sandboxes?metadata=spillway=run&limit=100"));
  const Json json = Json::parse(run({"sandboxes", "list", "--json"}).out);
  EXPECT_EQ(json["sandboxes"][2]["owner"], "elsewhere");
  EXPECT_EQ(json["sandboxes"][2]["host"], "another");
  EXPECT_EQ(json["sandboxes"][0]["sandbox_id"], "i1");
}

TEST_F(E2bVerbs, CleanDeletesThoseWhoseRunIsGone) {
  server.script("GET /v2/sandboxes", {{200, three_sandboxes().dump()}});
  for (const char* id : {"i1", "i2", "i3"}) server.script(std::string("DELETE /sandboxes/") + id, {{204, ""}});
  const ProcessResult cleaned = run({"sandboxes", "clean"});
  EXPECT_EQ(cleaned.exit_code, 0);
  EXPECT_EQ(cleaned.out, "deleted i2  run_2\n");
  EXPECT_EQ(cleaned.err, "kept 2 whose runs are not known to be gone; --all deletes them too\n");
  EXPECT_THAT(server.take_lines(), ElementsAre(::testing::_, "DELETE /sandboxes/i2"));
  const Json all = Json::parse(run({"sandboxes", "clean", "--all", "--json"}).out);
  EXPECT_EQ(all["deleted"].size(), 3U);
  EXPECT_EQ(all["kept"], 0);
}

TEST_F(E2bVerbs, SandboxesOnManyPages) {
  server.script("GET /v2/sandboxes",
                {{200, Json::array({sandbox_of("i1", {})}).dump(), "application/json", {{"X-Next-Token", "a b"}}},
                 {200, Json::array({sandbox_of("i2", {})}).dump()}});
  const ProcessResult listed = run({"sandboxes"});
  EXPECT_EQ(std::ranges::count(listed.out, '\n'), 2);
  EXPECT_THAT(server.take_lines(), ElementsAre("GET /v2/sandboxes?metadata=spillway=run&limit=100",
                                               "GET /v2/sandboxes?metadata=spillway=run&limit=100&nextToken=a b"));
}

TEST_F(E2bVerbs, AHostWithoutTheSecondVersionOfTheList) {
  server.script("GET /sandboxes", {{200, "[]"}});
  const ProcessResult listed = run({"sandboxes"});
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_EQ(listed.err, "no sandboxes of runs\n");
}

TEST_F(E2bVerbs, MistakesAreTold) {
  const auto error = [](const ProcessResult& result) { return std::to_string(result.exit_code) + " " + result.err; };
  EXPECT_EQ(error(run({"sandboxes", "lst"})),
            "2 error: unknown action 'lst' of sandboxes\n  hint: did you mean 'list'?\n");
  EXPECT_EQ(error(run({"sandboxes", "--all"})),
            "2 error: unexpected option '--all'\n  hint: list shows all anyway; clean takes it\n");
  EXPECT_EQ(error(run({"e2b", "build"})), "2 error: unknown action 'build' of e2b\n  hint: the action is template\n");
  EXPECT_EQ(error(run({"e2b", "template", "--unpacked"})),
            "2 error: missing option '--output'\n  hint: --unpacked writes files: --output DIR says where\n");
  EXPECT_EQ(error(run({"doctor", "mysql"})),
            "2 error: unknown subject 'mysql' of doctor\n"
            "  hint: the subject is e2b; spillway connections doctor looks at connections\n");
  EXPECT_EQ(
      error(run({"sandboxes"}, {{"E2B_API_KEY", ""}})),
      "2 error: no API key for E2B: E2B_API_KEY is not set\n"
      "  hint: make one in the dashboard of e2b.dev and export it, or take the key of your own 'spillway sandboxd' "
      "and set E2B_API_URL and E2B_SANDBOX_URL to its address\n");
  server.script("GET /v2/sandboxes", {{401, R"({"code": 401, "message": "Invalid API key"})"}});
  EXPECT_EQ(error(run({"sandboxes"})),
            "7 error: cannot list the sandboxes: Invalid API key [HTTP 401]\n"
            "  hint: check E2B_API_KEY: it is of another team or host, or was revoked\n");
}

TEST_F(E2bVerbs, DoctorStopsAtWhatIsWrong) {
  server.script("GET /v2/sandboxes", {{401, R"({"code": 401, "message": "Invalid API key"})"}});
  const ProcessResult looked = run({"doctor", "e2b"});
  EXPECT_EQ(looked.exit_code, 4);
  EXPECT_EQ(looked.out,
            "e2b  failed\n"
            "  key      E2B_API_KEY is set\n"
            "  service  cannot list the sandboxes: Invalid API key [HTTP 401]\n"
            "           hint: check E2B_API_KEY: it is of another team or host, or was revoked\n");
  const Json json = Json::parse(run({"doctor", "e2b", "--json"}, {{"E2B_API_KEY", ""}}).out);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["checks"][0]["check"], "key");
  EXPECT_EQ(json["checks"][0]["error"], "no API key for E2B: E2B_API_KEY is not set");
}

/// The bundle is packed once for all that is asked of it: that takes its time.
class E2bBundle : public E2bVerbs {
 protected:
  static std::string output_event(const std::string& bytes) {
    return e2b::envelope_of(Json{{"event", {{"data", {{"stdout", to_base64(bytes)}}}}}}.dump());
  }
  static std::string end_of_stream() {
    std::string end = e2b::envelope_of("{}");
    end[0] = 2;
    return e2b::envelope_of(R"({"event": {"end": {"exited": true, "status": "exit status 0"}}})") + end;
  }
  void look_with_doctor() {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    server.script("GET /v2/sandboxes", {{200, "[]"}});
    server.script("POST /sandboxes",
                  {{201, R"({"sandboxID": "iabc", "templateID": "base", "envdAccessToken": "ea_planted-token"})"}});
    server.script("GET /health", {{204, ""}});
    server.script("POST /files", {{200, "[]"}});
    server.script("GET /files", {{200, "spillway\n", "application/octet-stream"}});
    server.script(
        "GET /metrics",
        {{200, R"({"mem_total": 536870912, "mem_used": 10485760, "disk_total": 1073741824, "disk_used": 0})"}});
    server.script("DELETE /sandboxes/iabc", {{204, ""}});
    const auto probe = [&](const std::string& text) {
      server.script("POST /process.Process/Start",
                    {{200, output_event(text) + end_of_stream(), "application/connect+json"}});
    };
    const auto detail = [](const ProcessResult& result, const std::string& name) {
      const Json told = Json::parse(result.out);
      for (const Json& check : told["checks"]) {
        if (check["check"] == name) return check.value("detail", check.value("error", ""));
      }
      return std::string("not checked");
    };
    probe(std::string("x86_64\ntar\n") + std::to_string(now.count()) + ".5\n");
    ProcessResult looked = run({"doctor", "e2b", "--json"});
    ASSERT_EQ(looked.exit_code, 0) << looked.out;
    EXPECT_THAT(looked.out, ::testing::Not(HasSubstr("planted-token")));
    EXPECT_EQ(detail(looked, "memory"), "512 MB, of which 10 MB are used; disk 1.0 GB, of which 0 B are used");
    EXPECT_THAT(detail(looked, "worker"),
                HasSubstr("are uploaded for each run: spillway e2b template bakes them in"));
    EXPECT_EQ(server.take_lines().back(), "DELETE /sandboxes/iabc");
    probe("aarch64\ntar\n0\n");
    looked = run({"doctor", "e2b", "--json"});
    EXPECT_EQ(looked.exit_code, 4);
    EXPECT_EQ(detail(looked, "worker"), "the sandbox's processor is 'aarch64', and the worker is for 'x86_64'");
    EXPECT_EQ(server.take_lines().back(), "DELETE /sandboxes/iabc");
    probe("x86_64\n1000\n");
    EXPECT_EQ(detail(run({"doctor", "e2b", "--json"}), "worker"),
              "the template has no tar, with which the worker is unpacked");
    probe("x86_64\ntar\n1000\n");
    EXPECT_THAT(detail(run({"doctor", "e2b", "--json"}), "time"),
                HasSubstr("the clocks of the sandbox and of this machine differ by"));
    server.script("GET /metrics", {{200, R"({"mem_total": 134217728})"}});
    EXPECT_EQ(detail(run({"doctor", "e2b", "--json"}), "memory"), "the sandbox has 128 MB");
  }

  /// What a sandbox's shell does with the command: `lines` is what the host writes to it.
  ProcessResult start_bundle(const e2b::Bundle& bundle, const std::string& lines) {
    Process shell(
        e2b::bundle_command(bundle, {"version", "a b"}),
        {.directory = folder.path(), .environment = {{"HOME", (folder / "home").string()}}, .input = lines});
    return shell.wait();
  }
  void start_in_a_sandbox(const std::string& hash) {
    const e2b::Bundle bundle{
        hash, {{folder / "template/spillway.0.tar.gz", 1}, {folder / "template/spillway.1.tar.gz", 1}}};
    const auto put_parts = [&] {
      fs::create_directories(folder / "home/.spillway");
      for (std::size_t part = 0; part < bundle.parts.size(); ++part) {
        fs::copy_file(bundle.parts[part].file, folder / "home" / e2b::bundle_part_path(bundle, part),
                      fs::copy_options::overwrite_existing);
      }
    };
    const std::string arrived = e2b::bundle_part_line(1) + e2b::bundle_part_line(1) + "\n" + e2b::bundle_part_line(0);
    put_parts();
    // The program runs: it does not like its arguments.
    const std::string answer = "error: unexpected argument 'a b'";
    ProcessResult started = start_bundle(bundle, arrived);
    EXPECT_EQ(started.out, "spillway-bundle missing\n");
    EXPECT_THAT(started.err, ::testing::StartsWith(answer));
    EXPECT_EQ(started.exit_code, 2);
    EXPECT_FALSE(fs::exists(folder / "home" / e2b::bundle_part_path(bundle, 0)));
    started = start_bundle(bundle, "");
    EXPECT_EQ(started.out, "spillway-bundle here\n");
    EXPECT_THAT(started.err, ::testing::StartsWith(answer));
    fs::remove_all(folder / "home");
    put_parts();
    fs::resize_file(folder / "home" / e2b::bundle_part_path(bundle, 1), 1000);
    EXPECT_EQ(start_bundle(bundle, arrived).exit_code, e2b::k_bundle_exit_code);
    EXPECT_EQ(start_bundle(bundle, "").exit_code, e2b::k_bundle_exit_code);
    EXPECT_FALSE(fs::exists(folder / "home/.spillway" / hash));
  }

  /// Where there is nothing of this machine: no library, no shell.
  void run_bare(const std::string& hash) {
    if (const std::string reason = no_bwrap_reason(); !reason.empty()) GTEST_SKIP() << reason;
    std::ofstream(folder / "p.yaml")
        << "oml_version: \"0.1.0\"\nname: bare\nsteps:\n"
           "  - {id: read, component: filesystem.csv_extractor, mode: read, config: {path: in.csv}}\n"
           "  - {id: write, component: filesystem.csv_writer, mode: write, needs: [read], config: {path: "
           "out/o.csv}}\n";
    std::ofstream(folder / "in.csv") << "id,name\n1,a\n";
    const std::string bundle = (folder / "unpacked" / hash).string();
    Process bare({"/usr/bin/bwrap",
                  "--unshare-all",
                  "--die-with-parent",
                  "--clearenv",
                  "--ro-bind",
                  bundle,
                  "/opt/b",
                  "--bind",
                  folder.path().string(),
                  "/work",
                  "--proc",
                  "/proc",
                  "--dev",
                  "/dev",
                  "--tmpfs",
                  "/tmp",
                  "--chdir",
                  "/work",
                  "--",
                  "/opt/b/lib/loader",
                  "--inhibit-cache",
                  "--library-path",
                  "/opt/b/lib",
                  "/opt/b/spillway",
                  "run",
                  "-q",
                  "p.yaml"},
                 {.directory = folder.path()});
    const ProcessResult result = bare.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(read_file(folder / "out/o.csv").value_or(""), "id,name\n1,a\n");
  }
};

TEST_F(E2bBundle, IsMadeOnceAndRunsWhereThereIsNothingElse) {
  make_cache();
  const ProcessResult made = run({"e2b", "template", "--output", "template"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out,
            "template/spillway.0.tar.gz\ntemplate/spillway.1.tar.gz\ntemplate/e2b.toml\ntemplate/e2b.Dockerfile\n");
  const Json again = Json::parse(run({"e2b", "template", "--json"}).out);
  const auto hash = again["hash"].get<std::string>();
  EXPECT_EQ(again["dockerfile"], read_file(folder / "template/e2b.Dockerfile").value());
  EXPECT_THAT(again["dockerfile"].get<std::string>(), HasSubstr("COPY spillway.0.tar.gz /tmp/spillway.0.tar.gz\n"));
  // The cache is what is looked at: what lies there is taken as it is.
  const fs::path part = folder / "cache/spillway" / ("bundle-" + hash + ".0.tar.gz");
  const auto before = fs::last_write_time(part);
  ASSERT_EQ(run({"e2b", "template", "--output", "unpacked", "--unpacked"}).out, "unpacked/" + hash + "\n");
  EXPECT_EQ(fs::last_write_time(part), before);
  // What is torn is made again, the same.
  fs::resize_file(part, 100);
  EXPECT_EQ(Json::parse(run({"e2b", "template", "--json"}).out)["hash"], hash);
  EXPECT_EQ(read_file(part).value(), read_file(folder / "template/spillway.0.tar.gz").value());
  look_with_doctor();
  start_in_a_sandbox(hash);
  run_bare(hash);
}

}  // namespace
}  // namespace spillway::testing
