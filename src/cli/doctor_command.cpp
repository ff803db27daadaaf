#include <sys/utsname.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/health_report.hpp"
#include "e2b/bundle.hpp"
#include "e2b/lease.hpp"
#include "e2b/owner.hpp"
#include "e2b/process_rpc.hpp"
#include "e2b/settings.hpp"
#include "util/clock.hpp"
#include "util/http/url.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

using drivers::HealthCheck;

constexpr std::chrono::minutes k_doctor_time{3};
constexpr std::chrono::seconds k_doctor_life{120};
constexpr std::uint64_t k_least_sandbox_memory = std::uint64_t{256} * 1024 * 1024;
constexpr double k_most_clock_seconds = 60;
constexpr auto k_probe_path = "/tmp/spillway-doctor";
constexpr std::string_view k_probe_text = "spillway\n";

constexpr auto k_doctor_help =
    R"(e2b looks at what 'spillway run --e2b' needs: the key, the service, the template, and in a sandbox that is made for it and deleted
again (of less than a minute: on E2B a fraction of a cent) files, processes, memory and time.

Exit codes: 0 all is well, 2 usage, 4 a check failed.

Examples:
  spillway doctor e2b
  spillway doctor e2b --e2b-template spillway --json | jq '.checks[] | select(.ok | not)')";

/// The checks, each after those that it builds on; the first that fails ends them.
class E2bCheckup {
 public:
  explicit E2bCheckup(std::string template_id) : m_template(std::move(template_id)) {}

  std::vector<HealthCheck> run() {
    try {
      check_all();
    } catch (const Exception& exception) {
      Error error = exception.error();
      if (error.code == ErrorCode::cancelled) {
        error = make_error(ErrorCode::timeout,
                           fmt::format("the host does not answer within {} min", k_doctor_time.count()),
                           "try again later; status.e2b.dev tells of outages");
      }
      m_checks.push_back({m_name, "", std::move(error)});
    }
    return std::move(m_checks);
  }
  const config::Redactor& redactor() const { return m_redactor; }

 private:
  void begin(const char* name) {
    m_name = name;
    m_watch = {};
  }
  void passed(std::string detail) { m_checks.push_back({m_name, std::move(detail), std::nullopt}); }
  std::string took() const { return human_duration(m_watch.elapsed_ms()); }
  template <typename T>
  static T checked(e2b::Answer<T> answer) {
    if (!answer) fail(std::move(answer.error().error));
    if constexpr (!std::is_void_v<T>) return *std::move(answer);
  }

  void check_all() {
    begin("key");
    m_settings = value_or_throw(e2b::read_settings());
    m_redactor.add_secret(m_settings.api_key.reveal());
    passed("E2B_API_KEY is set");
    check_service();
    begin("worker");
    const e2b::Bundle bundle = e2b::make_bundle(e2b::bundle_cache());
    begin("template");
    e2b::Lease lease(m_settings,
                     {.template_id = m_template, .life = k_doctor_life, .metadata = e2b::owner_metadata("doctor")},
                     k_doctor_life, m_limit);
    m_redactor.add_secret(lease.sandbox().access_token.reveal());
    passed(fmt::format("{}: sandbox {} in {}", m_template, lease.sandbox().id, took()));
    e2b::ProcessRpc processes(m_settings, lease.sandbox(), m_limit);
    check_files(processes.data_plane());
    check_memory(processes.data_plane());
    check_processes(processes, bundle);
    begin("delete");
    checked(lease.end());
    passed(fmt::format("the sandbox is gone, in {}", took()));
  }

  void check_service() {
    begin("service");
    const auto sandboxes = checked(e2b::ControlPlane(m_settings, m_limit).list({{e2b::k_kind_key, e2b::k_kind}}));
    const auto server = http::server_of(m_settings.api_url);
    const bool is_here =
        server && (server->host == "localhost" || server->host.starts_with("127.") || server->host == "::1");
    passed(fmt::format("{} in {}, {} sandboxes of runs{}", m_settings.api_url, took(), sandboxes.size(),
                       m_settings.api_url.starts_with("http://") && !is_here
                           ? "; not encrypted: others on the way can read the key"
                           : ""));
  }

  void check_files(e2b::DataPlane& plane) {
    begin("files");
    checked(plane.check_health());
    checked(plane.upload(k_probe_path, k_probe_text));
    std::string read;
    checked(plane.download(k_probe_path, k_probe_text.size(), [&read](std::string_view bytes) { read += bytes; }));
    if (read != k_probe_text) {
      fail(ErrorCode::sandbox, "a file comes back other than it was written",
           "check E2B_SANDBOX_URL, and the proxy if there is one");
    }
    passed(fmt::format("written and read in {}", took()));
  }

  void check_memory(e2b::DataPlane& plane) {
    begin("memory");
    const e2b::SandboxUsage usage = checked(plane.usage());
    if (usage.memory_bytes < k_least_sandbox_memory) {
      fail(ErrorCode::sandbox, fmt::format("the sandbox has {}", human_bytes(usage.memory_bytes)),
           "a worker needs 256 MB and more: choose a template with more memory");
    }
    passed(fmt::format("{}, of which {} are used; disk {}, of which {} are used", human_bytes(usage.memory_bytes),
                       human_bytes(usage.memory_used_bytes), human_bytes(usage.disk_bytes),
                       human_bytes(usage.disk_used_bytes)));
  }

  void check_processes(e2b::ProcessRpc& processes, const e2b::Bundle& bundle) {
    begin("worker");
    std::string output;
    std::optional<e2b::ProcessEnded> end;
    const std::string script = fmt::format(
        "uname -m; command -v tar >/dev/null && echo tar; [ -x /opt/spillway/{}/spillway ] && echo baked; date "
        "+%s.%N",
        bundle.hash);
    checked(processes.start({{"/bin/sh", "-c", script}}, [&](const e2b::ProcessEvent& event) {
      const auto* written = std::get_if<e2b::ProcessOutput>(&event);
      if (written != nullptr && written->stream == e2b::ProcessOutput::Stream::out) output += written->bytes;
      if (const auto* ended = std::get_if<e2b::ProcessEnded>(&event)) end = *ended;
    }));
    if (!end || end->exit_code != 0) {
      fail(ErrorCode::sandbox, fmt::format("a shell in the sandbox ends with '{}'", end ? end->status : "nothing"));
    }
    std::vector<std::string> lines = split(trim(output), '\n');
    utsname machine{};
    ::uname(&machine);
    if (lines.front() != machine.machine) {
      fail(ErrorCode::sandbox,
           fmt::format("the sandbox's processor is '{}', and the worker is for '{}'", to_valid_utf8(lines.front()),
                       machine.machine),
           "run spillway on a machine with the same processor as the sandboxes");
    }
    const bool is_baked = output.find("baked\n") != std::string::npos;
    if (!is_baked && output.find("tar\n") == std::string::npos) {
      fail(ErrorCode::sandbox, "the template has no tar, with which the worker is unpacked",
           "install it there, or bake the worker in: spillway e2b template");
    }
    std::uint64_t bytes = 0;
    for (const e2b::BundlePart& part : bundle.parts) bytes += part.bytes;
    passed(is_baked
               ? fmt::format("is in the template; a process ran in {}", took())
               : fmt::format("{} are uploaded for each run: spillway e2b template bakes them in; a process ran in {}",
                             human_bytes(bytes), took()));
    check_time(lines.back());
  }

  void check_time(const std::string& there) {
    begin("time");
    const double here = static_cast<double>(epoch_milliseconds(std::chrono::system_clock::now())) / 1000;
    const double difference = std::abs(std::strtod(there.c_str(), nullptr) - here);
    if (difference > k_most_clock_seconds) {
      fail(ErrorCode::sandbox,
           fmt::format("the clocks of the sandbox and of this machine differ by {:.0f} s", difference),
           "set this machine's clock: timedatectl set-ntp true");
    }
    passed(fmt::format("the clocks differ by {:.1f} s", difference));
  }

  std::string m_template;
  e2b::Settings m_settings;
  const CancelToken m_limit{k_doctor_time};
  config::Redactor m_redactor;
  std::vector<HealthCheck> m_checks;
  std::string m_name;
  Stopwatch m_watch;
};

class DoctorCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("SUBJECT", m_subject, "e2b")->type_name("")->required();
    app.add_option("--e2b-template", m_template, "The template of the sandbox; default base")->type_name("NAME");
    app.add_flag("--json", m_is_json, "Print the result as JSON on standard output");
    app.footer(k_doctor_help);
  }

  int execute(Console& console) override {
    if (m_is_json) console.use_json();
    if (m_subject != "e2b") {
      fail(ErrorCode::usage, fmt::format("unknown subject '{}' of doctor", m_subject),
           "the subject is e2b; spillway connections doctor looks at connections");
    }
    E2bCheckup checkup(m_template);
    const std::vector<HealthCheck> checks = checkup.run();
    if (console.is_json()) {
      nlohmann::ordered_json result{{"subject", m_subject}};
      result.update(health_json(checks, checkup.redactor()));
      console.json(result);
    } else {
      console.data(health_text(m_subject, checks, checkup.redactor()));
    }
    return is_healthy(checks) ? 0 : k_check_failed;
  }

 private:
  std::string m_subject;
  std::string m_template = "base";
  bool m_is_json = false;
};

}  // namespace

std::unique_ptr<Command> make_doctor_command() { return std::make_unique<DoctorCommand>(); }

}  // namespace spillway::cli
