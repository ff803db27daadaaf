#include "config/settings.hpp"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace spillway::config {
namespace {

constexpr MachineLimits k_machine{1000 * 1024 * 1024, 8};

SettingSources sources_of(std::map<std::string, std::string> environment) {
  SettingSources sources;
  sources.environment = [environment](const std::string& name) -> std::optional<std::string> {
    const auto variable = environment.find(name);
    return variable == environment.end() ? std::nullopt : std::optional(variable->second);
  };
  return sources;
}

Settings resolved(const SettingSources& sources) {
  const auto settings = resolve_settings(sources, k_machine);
  if (!settings) ADD_FAILURE() << settings.error().front().to_display();
  return settings.value_or(Settings{});
}

std::vector<std::string> errors_of(const SettingSources& sources) {
  std::vector<std::string> errors;
  const auto settings = resolve_settings(sources, k_machine);
  if (settings) return errors;
  for (const Error& error : settings.error()) {
    EXPECT_EQ(error.code, ErrorCode::usage);
    errors.push_back(error.to_display());
  }
  return errors;
}

TEST(Settings, DefaultsFollowTheMachine) {
  const Settings settings = resolved({});
  EXPECT_FALSE(settings.force_spill);
  EXPECT_FALSE(settings.spill_threshold_rows);
  EXPECT_EQ(settings.memory_limit_bytes, k_machine.memory_bytes / 10 * 7);
  EXPECT_EQ(settings.spill_bytes, settings.memory_limit_bytes / 4);
  EXPECT_EQ(settings.threads, 8U);
}

TEST(Settings, SpillBytesFollowAMemoryLimitThatWasGiven) {
  EXPECT_EQ(resolved(sources_of({{"SPILLWAY_MEMORY_LIMIT", "512MB"}})).spill_bytes, std::uint64_t{128} << 20);
}

TEST(Settings, EveryVariableOfTheContractIsRead) {
  const Settings settings = resolved(sources_of({{"E2B_FORCE_SPILL", "1"},
                                                 {"E2B_SPILL_THRESHOLD", "1000"},
                                                 {"SPILLWAY_SPILL_BYTES", "1MB"},
                                                 {"SPILLWAY_MEMORY_LIMIT", "1.5GB"},
                                                 {"SPILLWAY_THREADS", "3"}}));
  Settings expected{true, 1000, std::uint64_t{1} << 20, std::uint64_t{1536} << 20, 3};
  expected.sandbox = settings.sandbox;
  expected.command = settings.command;
  expected.e2b = settings.e2b;
  EXPECT_EQ(settings, expected);
}

TEST(Settings, OfE2b) {
  const E2bTarget defaults = resolved({}).e2b;
  EXPECT_EQ(defaults, (E2bTarget{"base", std::chrono::seconds(3600)}));
  SettingSources sources = sources_of({{"E2B_DOWNLOAD_DATA_ARTIFACTS", "1"},
                                       {"E2B_ARTIFACT_MAX_MB", "3"},
                                       {"SPILLWAY_E2B_TEMPLATE", "spillway"},
                                       {"SPILLWAY_E2B_TIMEOUT", "60"},
                                       {"SPILLWAY_E2B_RETRIES", "2"},
                                       {"SPILLWAY_E2B_PASS_ENV", "TZ HOME"}});
  sources.flags["e2b_env"] = "'A=1' 'B=two words' 'C=a=b'";
  const E2bTarget target = resolved(sources).e2b;
  EXPECT_EQ(target.template_id, "spillway");
  EXPECT_EQ(target.timeout, std::chrono::seconds(60));
  EXPECT_EQ(target.retries, 2U);
  EXPECT_EQ(target.environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", "two words"}, {"C", "a=b"}}));
  EXPECT_EQ(target.passed_variables, (std::vector<std::string>{"TZ", "HOME"}));
  EXPECT_TRUE(target.fetches_frames);
  EXPECT_EQ(target.max_artifact_bytes, std::uint64_t{3} << 20);
}

TEST(Settings, InE2bTheWorkersMachineDecides) {
  EXPECT_EQ(resolved(sources_of({{"SPILLWAY_SANDBOX", "e2b"}})).left_to_worker,
            (std::vector<std::string>{"memory_limit_bytes", "spill_bytes", "threads"}));
}

TEST(Settings, WhatIsWrongWithThoseOfE2b) {
  SettingSources sources = sources_of({{"SPILLWAY_E2B_TEMPLATE", "two words"}, {"SPILLWAY_E2B_PASS_ENV", "A=1"}});
  sources.flags["e2b_env"] = "'planted-5ecret'";
  sources.flags["e2b_timeout"] = "86401";
  EXPECT_EQ(errors_of(sources),
            (std::vector<std::string>{
                "error: invalid value 'two words' of SPILLWAY_E2B_TEMPLATE: must be the id or the name of a "
                "template, such as base",
                "error: invalid value '86401' of --e2b-timeout: must be a number of seconds from 1 to 86400",
                "error: invalid value of --e2b-env: must be NAME=VALUE",
                "error: invalid value of SPILLWAY_E2B_PASS_ENV: must be the name of a variable"}));
}

TEST(Settings, AProjectFileDoesNotChooseWhatLeavesTheEnvironment) {
  SettingSources sources;
  sources.project_text = "settings:\n  e2b_pass_env: HOME\n";
  EXPECT_EQ(errors_of(sources),
            (std::vector<std::string>{
                "spillway.yaml:2:17: error: cannot use setting 'e2b_pass_env': a project file does not "
                "choose what leaves your environment\n  hint: give it by --e2b-pass-env or in "
                "SPILLWAY_E2B_PASS_ENV"}));
}

TEST(Settings, ForceSpillTakesTheWordsOfTheContract) {
  for (const char* yes : {"1", "true", "yes", "TRUE"}) {
    EXPECT_TRUE(resolved(sources_of({{"E2B_FORCE_SPILL", yes}})).force_spill) << yes;
  }
  for (const char* no : {"0", "false", "no", ""}) {
    EXPECT_FALSE(resolved(sources_of({{"E2B_FORCE_SPILL", no}})).force_spill) << no;
  }
}

TEST(Settings, FlagBeatsEnvironmentBeatsProjectFile) {
  SettingSources sources = sources_of({{"SPILLWAY_THREADS", "2"}, {"SPILLWAY_SPILL_BYTES", "2MB"}});
  sources.project_text = "settings: {threads: 1, spill_bytes: 1MB, memory_limit: 100MB}\n";
  sources.flags = {{"threads", "3"}};
  const Settings settings = resolved(sources);
  EXPECT_EQ(settings.threads, 3U);
  EXPECT_EQ(settings.spill_bytes, std::uint64_t{2} << 20);
  EXPECT_EQ(settings.memory_limit_bytes, std::uint64_t{100} << 20);
}

TEST(Settings, AnEmptyVariableIsUnset) { EXPECT_EQ(resolved(sources_of({{"SPILLWAY_THREADS", ""}})).threads, 8U); }

TEST(Settings, ABadValueNamesItsOriginAndWhatIsAccepted) {
  SettingSources sources = sources_of({{"SPILLWAY_MEMORY_LIMIT", "lots"}, {"E2B_FORCE_SPILL", "maybe"}});
  sources.flags = {{"threads", "0"}};
  sources.project_text = "settings:\n  spill_bytes: -1\n";
  EXPECT_EQ(
      errors_of(sources),
      (std::vector<std::string>{
          "error: invalid value 'maybe' of E2B_FORCE_SPILL: must be 1, true or yes (0, false or no to turn it off)",
          "spillway.yaml:2:16: error: invalid value '-1' of setting 'spill_bytes': must be a size, such as 256MB",
          "error: invalid value 'lots' of SPILLWAY_MEMORY_LIMIT: must be a size of at least 16MB, such as 512MB "
          "or 4GB",
          "error: invalid value '0' of --threads: must be a number from 1 to 1024"}));
}

TEST(Settings, ValuesOutOfRangeAreRefused) {
  EXPECT_EQ(errors_of(sources_of({{"SPILLWAY_MEMORY_LIMIT", "1MB"}})).size(), 1U);
  EXPECT_EQ(errors_of(sources_of({{"SPILLWAY_THREADS", "5000"}})).size(), 1U);
  EXPECT_EQ(errors_of(sources_of({{"E2B_SPILL_THRESHOLD", "1e6"}})).size(), 1U);
}

TEST(Settings, AWrongProjectFileIsReportedWithTheRest) {
  SettingSources sources = sources_of({{"SPILLWAY_THREADS", "x"}});
  sources.project_text = "settings: {thread: 5}\n";
  EXPECT_EQ(errors_of(sources).size(), 2U);
}

TEST(Settings, SurviveTheWayThroughJson) {
  for (const Settings& settings : {Settings{true, 5, 6, 7, 8}, Settings{false, std::nullopt, 1, 2, 3}}) {
    const auto read = Settings::from_json(settings.to_json(), {});
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, settings);
  }
}

TEST(Settings, JsonWithoutAFieldKeepsTheDefault) {
  const Settings defaults{true, 5, 6, 7, 8};
  EXPECT_EQ(Settings::from_json(Json::parse(R"({"session_dir": "/x"})"), defaults).value(), defaults);
  EXPECT_FALSE(Settings::from_json(Json::parse(R"({"spill_threshold_rows": null})"), defaults)->spill_threshold_rows);
}

TEST(Settings, JsonOfTheWrongTypeIsRefused) {
  for (const char* json : {R"({"force_spill": 1})", R"({"threads": "4"})", R"({"spill_bytes": -1})",
                           R"({"memory_limit_bytes": 1.5})", R"({"spill_threshold_rows": true})"}) {
    const auto settings = Settings::from_json(Json::parse(json), {});
    ASSERT_FALSE(settings) << json;
    EXPECT_EQ(settings.error().code, ErrorCode::protocol);
  }
}

TEST(Settings, TheTargetIsNamedOrAskedFor) {
  const auto target_of = [](const char* text) { return resolved({.flags = {{"sandbox", text}}}).target; };
  EXPECT_EQ(resolved({}).target, Target::local);
  EXPECT_EQ(target_of("true"), Target::bwrap) << "--sandbox without a value";
  EXPECT_EQ(target_of("bwrap"), Target::bwrap);
  EXPECT_EQ(target_of("process"), Target::process);
  EXPECT_EQ(target_of("local"), Target::local);
  EXPECT_EQ(target_of("no"), Target::local);
}

TEST(Settings, TheLimitsOfASandbox) {
  const Settings defaults = resolved({.flags = {{"memory_limit", "1GB"}}});
  EXPECT_EQ(defaults.sandbox.memory_bytes, std::uint64_t{3} << 30);
  EXPECT_EQ(defaults.sandbox.open_files, 1024U);
  EXPECT_FALSE(defaults.sandbox.processes);
  EXPECT_FALSE(defaults.sandbox.cpu_seconds);
  EXPECT_FALSE(defaults.sandbox.file_size_bytes);
  const Settings given = resolved({.flags = {{"sandbox_memory", "2GB"},
                                             {"sandbox_cpu_seconds", "60"},
                                             {"sandbox_open_files", "64"},
                                             {"sandbox_processes", "32"},
                                             {"sandbox_file_size", "1GB"}}});
  EXPECT_EQ(given.sandbox, (SandboxLimits{std::uint64_t{2} << 30, 60, 64, 32, std::uint64_t{1} << 30}));
}

TEST(Settings, TheCommandOfACommandTarget) {
  using Words = std::vector<std::string>;
  SettingSources sources = sources_of(
      {{"SPILLWAY_SANDBOX", "command"}, {"SPILLWAY_SANDBOX_COMMAND", "ssh -o 'User you' host spillway worker"}});
  Settings settings = resolved(sources);
  EXPECT_EQ(settings.target, Target::command);
  EXPECT_EQ(settings.command.words, (Words{"ssh", "-o", "User you", "host", "spillway", "worker"}));
  EXPECT_FALSE(settings.command.shares_files);
  EXPECT_EQ(settings.command.start_timeout, std::chrono::seconds(600));
  sources.command = {"docker", "run"};
  EXPECT_EQ(resolved(sources).command.words, (Words{"docker", "run"}));
  sources.flags = {{"sandbox", "bwrap"}};
  sources.command.clear();
  EXPECT_EQ(resolved(sources).command.words, Words{}) << "the variable is for when it is wanted";
}

TEST(Settings, MemoryAndThreadsAreTheOtherMachinesUnlessTheyAreGiven) {
  SettingSources sources = sources_of({});
  sources.command = {"ssh"};
  sources.flags = {{"sandbox", "command"}};
  EXPECT_EQ(resolved(sources).to_json(), Json({{"force_spill", false}, {"spill_threshold_rows", nullptr}}));
  sources.flags["threads"] = "3";
  sources.flags["memory_limit"] = "1GB";
  const Json json = resolved(sources).to_json();
  EXPECT_EQ(json["threads"], 3);
  EXPECT_EQ(json["memory_limit_bytes"], std::uint64_t{1} << 30);
  EXPECT_EQ(json["spill_bytes"], std::uint64_t{1} << 28);
}

TEST(Settings, MistakesWithACommand) {
  SettingSources sources = sources_of({});
  sources.flags = {{"sandbox", "command"}};
  EXPECT_EQ(errors_of(sources),
            std::vector<std::string>{
                "error: missing command: --sandbox=command needs one that starts a worker\n"
                "  hint: put it at the end: spillway run PIPELINE --sandbox=command -- ssh HOST spillway worker"});
  sources.environment = sources_of({{"SPILLWAY_SANDBOX_COMMAND", "ssh 'host"}}).environment;
  EXPECT_EQ(errors_of(sources),
            std::vector<std::string>{
                "error: invalid value 'ssh 'host' of SPILLWAY_SANDBOX_COMMAND: a quote is not closed"});
  sources.flags.clear();
  sources.command = {"ssh", "host"};
  EXPECT_EQ(errors_of(sources),
            std::vector<std::string>{"error: unexpected command 'ssh' behind --: the worker does not run there\n"
                                     "  hint: add --sandbox=command"});
}

TEST(Settings, AProjectFileChoosesNoProgram) {
  SettingSources sources = sources_of({});
  sources.project_text = "settings:\n  sandbox: command\n  sandbox_command: rm -rf /\n";
  EXPECT_EQ(errors_of(sources),
            std::vector<std::string>{
                "spillway.yaml:3:20: error: cannot use setting 'sandbox_command': a project file does not choose a "
                "program to run\n  hint: give it behind -- or in SPILLWAY_SANDBOX_COMMAND"});
}

TEST(Settings, NamesVariablesAndFlagsAreUniqueAndDocumented) {
  std::set<std::string_view> seen;
  for (const SettingSpec& spec : setting_specs()) {
    for (std::string_view name : {spec.name, spec.environment, spec.flag}) {
      EXPECT_TRUE(seen.insert(name).second) << name;
    }
    EXPECT_FALSE(spec.doc.empty() || spec.default_text.empty() || spec.accepted.empty()) << spec.name;
  }
}

}  // namespace
}  // namespace spillway::config
