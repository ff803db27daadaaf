#include "config/settings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "config/project_file.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::config {
namespace {

constexpr std::uint64_t k_least_memory_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t k_most_threads = 1024;
constexpr std::uint64_t k_gigabyte = std::uint64_t{1} << 30;
constexpr std::uint64_t k_least_sandbox_bytes = std::uint64_t{128} << 20;
constexpr std::uint64_t k_least_open_files = 32;
constexpr std::uint64_t k_default_open_files = 1024;
constexpr std::uint64_t k_least_processes = 16;
constexpr std::uint64_t k_default_start_seconds = 600;
constexpr std::uint64_t k_default_e2b_seconds = 3600;
constexpr std::uint64_t k_most_e2b_seconds = 86400;
constexpr std::uint64_t k_most_e2b_retries = 20;
constexpr std::uint64_t k_most_artifact_megabytes = std::uint64_t{1} << 40;
constexpr std::uint64_t k_megabyte = std::uint64_t{1} << 20;
constexpr std::uint64_t k_max_project_bytes = std::uint64_t{1} << 20;

constexpr std::array k_specs{
    SettingSpec{"force_spill", "E2B_FORCE_SPILL", "--force-spill", SettingKind::boolean, 0, 1,
                "1, true or yes (0, false or no to turn it off)", "off", "Write every DataFrame to Parquet"},
    SettingSpec{"spill_threshold", "E2B_SPILL_THRESHOLD", "--spill-threshold", SettingKind::count, 0, UINT64_MAX,
                "a number of rows, such as 1000000", "none, by bytes only",
                "Write a DataFrame of more rows than this to Parquet"},
    SettingSpec{"spill_bytes", "SPILLWAY_SPILL_BYTES", "--spill-bytes", SettingKind::bytes, 0, UINT64_MAX,
                "a size, such as 256MB", "a quarter of memory_limit",
                "Write a DataFrame larger than this to Parquet"},
    SettingSpec{"memory_limit", "SPILLWAY_MEMORY_LIMIT", "--memory-limit", SettingKind::bytes, k_least_memory_bytes,
                UINT64_MAX, "a size of at least 16MB, such as 512MB or 4GB",
                "70% of what the machine or its cgroup allows", "The worker's memory budget"},
    SettingSpec{"threads", "SPILLWAY_THREADS", "--threads", SettingKind::count, 1, k_most_threads,
                "a number from 1 to 1024", "the cores allowed", "Threads of the engine"},
    SettingSpec{
        "sandbox", "SPILLWAY_SANDBOX", "--sandbox", SettingKind::target, 0, 4,
        "bwrap, process, command, e2b or local", "local",
        "Run the worker in a sandbox that sees only what the pipeline names (bwrap, also without a value), just in a "
        "process of its own, which isolates its memory and nothing else (process), where the command behind -- "
        "leads (command), or in a sandbox of E2B (e2b)"},
    SettingSpec{
        "sandbox_command", "SPILLWAY_SANDBOX_COMMAND", "--", SettingKind::command, 0, 0,
        "a program and its arguments, such as ssh HOST spillway worker", "none",
        "Start the worker with this command, for --sandbox=command; what it takes to the end of the line is its own"},
    SettingSpec{"sandbox_shared_files", "SPILLWAY_SANDBOX_SHARED_FILES", "--sandbox-shared-files",
                SettingKind::boolean, 0, 1, "1, true or yes (0, false or no to turn it off)", "off",
                "The command's worker sees this machine's files under the same paths: send none"},
    SettingSpec{"sandbox_start_timeout", "SPILLWAY_SANDBOX_START_TIMEOUT", "--sandbox-start-timeout",
                SettingKind::count, 1, UINT32_MAX, "a number of seconds, such as 600", "600",
                "Seconds that the command, or E2B, has to start a worker"},
    SettingSpec{"e2b_template", "SPILLWAY_E2B_TEMPLATE", "--e2b-template", SettingKind::text, 0, 0,
                "the id or the name of a template, such as base", "base", "Template of the sandbox of E2B"},
    SettingSpec{"e2b_timeout", "SPILLWAY_E2B_TIMEOUT", "--e2b-timeout", SettingKind::count, 1, k_most_e2b_seconds,
                "a number of seconds from 1 to 86400", "3600", "Seconds that a run in E2B may take"},
    SettingSpec{"e2b_retries", "SPILLWAY_E2B_RETRIES", "--e2b-retries", SettingKind::count, 0, k_most_e2b_retries,
                "a number from 0 to 20", "0",
                "How often a run whose sandbox was lost before a writer has written is run again"},
    SettingSpec{"e2b_env", "SPILLWAY_E2B_ENV", "--e2b-env", SettingKind::words, 0, 0, "NAME=VALUE", "none",
                "A variable of the worker in E2B; may be given several times"},
    SettingSpec{"e2b_pass_env", "SPILLWAY_E2B_PASS_ENV", "--e2b-pass-env", SettingKind::words, 0, 0,
                "the name of a variable", "none",
                "A variable of this environment that the worker in E2B gets; may be given several times"},
    SettingSpec{"fetch_frames", "E2B_DOWNLOAD_DATA_ARTIFACTS", "--fetch-frames", SettingKind::boolean, 0, 1,
                "1, true or yes (0, false or no to turn it off)", "off",
                "Bring the Parquet files of spilled DataFrames back from E2B"},
    SettingSpec{"artifact_max_mb", "E2B_ARTIFACT_MAX_MB", "--artifact-max-mb", SettingKind::count, 1,
                k_most_artifact_megabytes, "a number of megabytes, such as 100", "none",
                "Leave an artifact of more than this in E2B"},
    SettingSpec{"sandbox_memory", "SPILLWAY_SANDBOX_MEMORY", "--sandbox-memory", SettingKind::bytes,
                k_least_sandbox_bytes, UINT64_MAX, "a size of at least 128MB, such as 4GB",
                "twice memory_limit and 1GB", "Memory that a sandboxed worker may take"},
    SettingSpec{"sandbox_cpu_seconds", "SPILLWAY_SANDBOX_CPU_SECONDS", "--sandbox-cpu-seconds", SettingKind::count, 1,
                UINT32_MAX, "a number of seconds, such as 600", "none",
                "CPU time, of all threads together, that a sandboxed worker may take"},
    SettingSpec{"sandbox_open_files", "SPILLWAY_SANDBOX_OPEN_FILES", "--sandbox-open-files", SettingKind::count,
                k_least_open_files, UINT32_MAX, "a number of at least 32, such as 1024", "1024",
                "Files that a sandboxed worker may have open"},
    SettingSpec{
        "sandbox_processes", "SPILLWAY_SANDBOX_PROCESSES", "--sandbox-processes", SettingKind::count,
        k_least_processes, UINT32_MAX, "a number of at least 16, such as 512",
        "none: it can start none, and memory bounds its threads",
        "Processes and threads of all programs of the user, beyond which a worker starts none (not for root)"},
    SettingSpec{"sandbox_file_size", "SPILLWAY_SANDBOX_FILE_SIZE", "--sandbox-file-size", SettingKind::bytes,
                k_least_memory_bytes, UINT64_MAX, "a size of at least 16MB, such as 10GB",
                "half of what the disk has free", "Size of any file that a sandboxed worker writes"},
};

/// A value as someone wrote it, and where.
struct Given {
  std::string text;
  std::string origin;  ///< "--threads", "SPILLWAY_THREADS", "setting 'threads'"
  std::optional<Location> location;
};

std::optional<Given> find_given(const SettingSpec& spec, const SettingSources& sources,
                                const std::map<std::string, ProjectValue>& project) {
  if (const auto flag = sources.flags.find(std::string(spec.name)); flag != sources.flags.end()) {
    return Given{flag->second, std::string(spec.flag), std::nullopt};
  }
  if (sources.environment) {
    const auto variable = sources.environment(std::string(spec.environment));
    if (variable && !variable->empty()) return Given{*variable, std::string(spec.environment), std::nullopt};
  }
  if (const auto value = project.find(std::string(spec.name)); value != project.end()) {
    return Given{value->second.text, fmt::format("setting '{}'", spec.name), value->second.location};
  }
  return std::nullopt;
}

std::optional<Target> parse_target(std::string_view text) {
  for (const Target target : {Target::local, Target::process, Target::bwrap, Target::command, Target::e2b}) {
    if (text == to_string(target)) return target;
  }
  const std::optional<bool> is_sandboxed = parse_bool(text);
  if (!is_sandboxed) return std::nullopt;
  return *is_sandboxed ? Target::bwrap : Target::local;
}

std::optional<std::uint64_t> parse(const SettingSpec& spec, std::string_view text) {
  std::optional<std::uint64_t> number;
  switch (spec.kind) {
    case SettingKind::boolean:
      if (const auto flag = parse_bool(text)) number = *flag ? 1 : 0;
      break;
    case SettingKind::count:
      number = parse_uint(trim(text));
      break;
    case SettingKind::bytes:
      number = parse_bytes(text);
      break;
    case SettingKind::target:
      if (const auto target = parse_target(trim(text))) number = static_cast<std::uint64_t>(*target);
      break;
    case SettingKind::text:
    case SettingKind::words:
    case SettingKind::command:
      break;
  }
  if (!number || *number < spec.least || *number > spec.most) return std::nullopt;
  return number;
}

Error bad_value(const SettingSpec& spec, const Given& given) {
  Error error = make_error(
      ErrorCode::usage, fmt::format("invalid value '{}' of {}: must be {}", given.text, given.origin, spec.accepted));
  error.location = given.location;
  return error;
}

/// Whoever runs a project that they were given must not run a program that it names, nor give away what it asks for.
void refuse_project_choices(const std::map<std::string, ProjectValue>& project, std::vector<Error>& errors) {
  const auto refuse = [&](const char* name, std::string why, std::string hint) {
    const auto setting = project.find(name);
    if (setting == project.end()) return;
    errors.push_back(
        make_error(ErrorCode::usage, fmt::format("cannot use setting '{}': {}", name, why), std::move(hint)));
    errors.back().location = setting->second.location;
  };
  refuse("sandbox_command", "a project file does not choose a program to run",
         "give it behind -- or in SPILLWAY_SANDBOX_COMMAND");
  refuse("e2b_pass_env", "a project file does not choose what leaves your environment",
         "give it by --e2b-pass-env or in SPILLWAY_E2B_PASS_ENV");
}

/// The command for Target::command: the command line's, else the environment's.
std::vector<std::string> given_command(const SettingSources& sources, Target target, std::vector<Error>& errors) {
  if (target != Target::command) {
    if (!sources.command.empty()) {
      errors.push_back(make_error(
          ErrorCode::usage,
          fmt::format("unexpected command '{}' behind --: the worker does not run there", sources.command.front()),
          "add --sandbox=command"));
    }
    return {};
  }
  if (!sources.command.empty()) return sources.command;
  const auto text = sources.environment ? sources.environment("SPILLWAY_SANDBOX_COMMAND") : std::nullopt;
  const std::optional<std::vector<std::string>> words = split_words(text.value_or(""));
  if (!words) {
    errors.push_back(
        make_error(ErrorCode::usage,
                   fmt::format("invalid value '{}' of SPILLWAY_SANDBOX_COMMAND: a quote is not closed", *text)));
    return {};
  }
  if (words->empty()) {
    errors.push_back(
        make_error(ErrorCode::usage, "missing command: --sandbox=command needs one that starts a worker",
                   "put it at the end: spillway run PIPELINE --sandbox=command -- ssh HOST spillway worker"));
  }
  return *words;
}

bool is_template_id(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_./:").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_variable_name(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

/// What was given as text goes to `target`; false when it cannot be.
bool take_text(const SettingSpec& spec, const std::string& text, E2bTarget& target) {
  if (spec.kind == SettingKind::text) {
    target.template_id = trim(text);
    return is_template_id(target.template_id);
  }
  const std::optional<std::vector<std::string>> words = split_words(text);
  if (!words) return false;
  for (const std::string& word : *words) {
    const std::size_t equals = word.find('=');
    if (!is_variable_name(word.substr(0, equals))) return false;
    if ((equals == std::string::npos) != (spec.name == "e2b_pass_env")) return false;
    if (equals == std::string::npos) {
      target.passed_variables.push_back(word);
    } else {
      target.environment[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  return true;
}

/// A value of --e2b-env may be a secret: of what is wrong only the setting is told.
Error bad_words(const SettingSpec& spec, const Given& given) {
  Error error =
      make_error(ErrorCode::usage, fmt::format("invalid value of {}: must be {}", given.origin, spec.accepted));
  error.location = given.location;
  return error;
}

/// The values that were given, by setting; what is text goes to `target`, what is wrong to `errors`.
std::map<std::string_view, std::uint64_t> parse_given(const SettingSources& sources, E2bTarget& target,
                                                      std::vector<Error>& errors) {
  std::map<std::string, ProjectValue> project;
  if (sources.project_text) {
    auto read = read_project_settings(*sources.project_text, sources.project_file);
    if (read) {
      project = std::move(*read);
    } else {
      errors = std::move(read.error());
    }
  }
  refuse_project_choices(project, errors);
  std::map<std::string_view, std::uint64_t> values;
  for (const SettingSpec& spec : k_specs) {
    const std::optional<Given> given = find_given(spec, sources, project);
    if (!given || spec.kind == SettingKind::command) continue;
    if (spec.kind == SettingKind::text || spec.kind == SettingKind::words) {
      if (take_text(spec, given->text, target)) continue;
      errors.push_back(spec.kind == SettingKind::words ? bad_words(spec, *given) : bad_value(spec, *given));
      continue;
    }
    if (const auto number = parse(spec, given->text)) {
      values[spec.name] = *number;
    } else {
      errors.push_back(bad_value(spec, *given));
    }
  }
  return values;
}

Result<std::uint64_t> unsigned_field(const Json& value, std::string_view name) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  return Failure(
      make_error(ErrorCode::protocol, fmt::format("invalid setting '{}': must be a number of at least 0, not {}",
                                                  name, value.dump(-1, ' ', false, Json::error_handler_t::replace))));
}

}  // namespace

std::string_view to_string(Target target) {
  switch (target) {
    case Target::local:
      return "local";
    case Target::process:
      return "process";
    case Target::bwrap:
      return "bwrap";
    case Target::command:
      return "command";
    case Target::e2b:
      return "e2b";
  }
  return "unknown";
}

std::span<const SettingSpec> setting_specs() { return k_specs; }

Json Settings::to_json() const {
  Json json{{"force_spill", force_spill},
            {"spill_threshold_rows", spill_threshold_rows ? Json(*spill_threshold_rows) : Json()},
            {"spill_bytes", spill_bytes},
            {"memory_limit_bytes", memory_limit_bytes},
            {"threads", threads}};
  for (const std::string& name : left_to_worker) json.erase(name);
  return json;
}

Result<Settings> Settings::from_json(const Json& json, Settings defaults) {
  Settings settings = std::move(defaults);
  std::optional<Error> error;
  const auto read = [&](const char* name, auto&& store) {
    const auto value = json.find(name);
    if (error || value == json.end()) return;
    const Result<std::uint64_t> number = unsigned_field(*value, name);
    if (number) {
      store(*number);
    } else {
      error = number.error();
    }
  };
  if (const auto force = json.find("force_spill"); force != json.end()) {
    if (!force->is_boolean()) {
      return Failure(make_error(ErrorCode::protocol, "invalid setting 'force_spill': must be true or false"));
    }
    settings.force_spill = force->get<bool>();
  }
  if (const auto rows = json.find("spill_threshold_rows"); rows != json.end() && rows->is_null()) {
    settings.spill_threshold_rows.reset();
  } else {
    read("spill_threshold_rows", [&](std::uint64_t number) { settings.spill_threshold_rows = number; });
  }
  read("spill_bytes", [&](std::uint64_t number) { settings.spill_bytes = number; });
  read("memory_limit_bytes", [&](std::uint64_t number) { settings.memory_limit_bytes = number; });
  read("threads", [&](std::uint64_t number) {
    settings.threads = static_cast<unsigned>(std::clamp(number, std::uint64_t{1}, k_most_threads));
  });
  if (error) return Failure(std::move(*error));
  return settings;
}

tl::expected<Settings, std::vector<Error>> resolve_settings(const SettingSources& sources,
                                                            const MachineLimits& machine) {
  std::vector<Error> errors;
  Settings settings;
  const std::map<std::string_view, std::uint64_t> given = parse_given(sources, settings.e2b, errors);
  const auto value_or = [&](std::string_view name, std::uint64_t fallback) {
    const auto value = given.find(name);
    return value == given.end() ? fallback : value->second;
  };
  settings.target = static_cast<Target>(value_or("sandbox", 0));
  if (errors.empty()) settings.command.words = given_command(sources, settings.target, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  settings.command.shares_files = value_or("sandbox_shared_files", 0) != 0;
  settings.command.start_timeout = std::chrono::seconds(value_or("sandbox_start_timeout", k_default_start_seconds));
  settings.force_spill = value_or("force_spill", 0) != 0;
  if (given.contains("spill_threshold")) settings.spill_threshold_rows = given.at("spill_threshold");
  settings.memory_limit_bytes = value_or("memory_limit", machine.memory_bytes / 10 * 7);
  settings.spill_bytes = value_or("spill_bytes", settings.memory_limit_bytes / 4);
  settings.threads = static_cast<unsigned>(value_or("threads", machine.cores));
  settings.e2b.timeout = std::chrono::seconds(value_or("e2b_timeout", k_default_e2b_seconds));
  settings.e2b.retries = value_or("e2b_retries", 0);
  settings.e2b.fetches_frames = value_or("fetch_frames", 0) != 0;
  if (given.contains("artifact_max_mb")) settings.e2b.max_artifact_bytes = given.at("artifact_max_mb") * k_megabyte;
  if (settings.target == Target::command || settings.target == Target::e2b) {
    const bool has_memory = given.contains("memory_limit");
    if (!has_memory) settings.left_to_worker.emplace_back("memory_limit_bytes");
    if (!has_memory && !given.contains("spill_bytes")) settings.left_to_worker.emplace_back("spill_bytes");
    if (!given.contains("threads")) settings.left_to_worker.emplace_back("threads");
  }
  SandboxLimits& sandbox = settings.sandbox;
  sandbox.memory_bytes = value_or("sandbox_memory", 2 * settings.memory_limit_bytes + k_gigabyte);
  if (given.contains("sandbox_cpu_seconds")) sandbox.cpu_seconds = given.at("sandbox_cpu_seconds");
  sandbox.open_files = value_or("sandbox_open_files", k_default_open_files);
  if (given.contains("sandbox_processes")) sandbox.processes = given.at("sandbox_processes");
  if (given.contains("sandbox_file_size")) sandbox.file_size_bytes = given.at("sandbox_file_size");
  return settings;
}

Result<SettingSources> process_setting_sources(std::map<std::string, std::string> flags,
                                               std::vector<std::string> command) {
  SettingSources sources;
  sources.flags = std::move(flags);
  sources.command = std::move(command);
  sources.environment = [](const std::string& variable) -> std::optional<std::string> {
    const char* value = std::getenv(variable.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  Result<std::string> text = read_file(sources.project_file, k_max_project_bytes);
  if (text) {
    sources.project_text = std::move(*text);
  } else if (text.error().code != ErrorCode::file_not_found) {
    return Failure(std::move(text.error()));
  }
  return sources;
}

}  // namespace spillway::config
