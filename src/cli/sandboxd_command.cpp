#include <array>
#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "run/stop_signals.hpp"
#include "sandboxd/agent.hpp"
#include "sandboxd/serve.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array k_key_variables{"SPILLWAY_SANDBOXD_KEY", "E2B_API_KEY"};
constexpr std::size_t k_shortest_key = 16;
constexpr std::uint64_t k_longest_key_file = 4096;

constexpr auto k_sandboxd_help =
    R"(Makes sandboxes for whoever has the key, through the interface of E2B: its clients, and spillway run --e2b, work with it
when E2B_API_URL and E2B_SANDBOX_URL are the URL that it prints. A sandbox sees /usr of this machine and nothing else
of it, has no network unless --allow-network, and is gone when it is deleted, when its time is up and when this ends.

The key is read from the file that --key-file names, else from SPILLWAY_SANDBOXD_KEY, else from E2B_API_KEY.
The files of a sandbox are in memory. It speaks plain HTTP: put a proxy with TLS before it when it listens on more than
this machine (docs/sandboxd.md).

Examples:
  SPILLWAY_SANDBOXD_KEY=e2b_$(openssl rand -hex 20) spillway sandboxd
  spillway sandboxd --key-file key --listen 0.0.0.0:8642 --max-sandboxes 50 --memory 2GB --template spillway=/opt/bundle)";

std::uint64_t size_of(const char* option, const std::string& text, std::uint64_t least) {
  const std::optional<std::uint64_t> bytes = parse_bytes(text);
  if (bytes && *bytes >= least) return *bytes;
  fail(ErrorCode::usage,
       fmt::format("option '{}' has to be a size of at least {}, and not '{}'", option, human_bytes(least), text),
       fmt::format("for example {}=512MB", option));
}

std::uint64_t number_of(const char* option, const std::string& text, std::uint64_t most) {
  const std::optional<std::uint64_t> number = parse_uint(text);
  if (number && *number >= 1 && *number <= most) return *number;
  fail(ErrorCode::usage,
       fmt::format("option '{}' has to be a number from 1 to {}, and not '{}'", option, most, text));
}

class SandboxdCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("--listen", m_listen, fmt::format("Where to listen; default {}", m_listen))
        ->type_name("HOST:PORT");
    app.add_option("--key-file", m_key_file, "The file that holds the key")->type_name("FILE");
    app.add_option("--max-sandboxes", m_most, fmt::format("How many there may be at once; default {}", m_most))
        ->type_name("N");
    app.add_option("--max-life", m_longest_life,
                   fmt::format("How many seconds one may live; default {}", m_longest_life))
        ->type_name("N");
    app.add_option("--memory", m_memory, fmt::format("What one may take for its processes; default {}", m_memory))
        ->type_name("SIZE");
    app.add_option("--disk", m_disk, fmt::format("What one may take for its files; default {}", m_disk))
        ->type_name("SIZE");
    app.add_option("--processes", m_processes,
                   fmt::format("How many processes and threads one may have; default {}", m_processes))
        ->type_name("N");
    app.add_option("--template", m_templates, "A template, and the folder that its sandboxes see as /opt/spillway")
        ->type_name("NAME=DIR")
        ->allow_extra_args(false)
        ->take_all();
    app.add_flag("--allow-network", m_allows_network, "Give sandboxes the network of this machine, all of it");
    app.add_flag("--json", m_json, "Print the URL as JSON");
    app.footer(k_sandboxd_help);
  }

  int execute(Console& console) override {
    if (const char* socket = std::getenv(sandboxd::k_agent_variable)) {
      return sandboxd::run_agent(static_cast<int>(parse_uint(socket).value_or(0)));
    }
    if (m_json) console.use_json();
    sandboxd::ServeOptions options = serve_options();
    options.keeper.log = [&console](const std::string& line) {
      console.message(fmt::format("sandboxd: {}\n", line));
    };
    const run::StopSignals signals;
    sandboxd::serve(
        std::move(options),
        [&](const std::string& url) {
          if (console.is_json()) {
            console.json({{"url", url}});
          } else {
            console.data(fmt::format("{}\n", url));
          }
        },
        [] { return run::StopSignals::received() != 0; });
    return 0;
  }

 private:
  sandboxd::ServeOptions serve_options() const {
    constexpr std::uint64_t k_most_sandboxes = 10'000;
    constexpr std::uint64_t k_longest_life = 366ULL * 24 * 3600;
    constexpr std::uint64_t k_most_processes = 1'000'000;
    constexpr std::uint64_t k_least_memory = std::uint64_t{16} << 20;
    constexpr std::uint64_t k_least_disk = std::uint64_t{1} << 20;
    constexpr std::uint64_t k_open_files = 4096;
    sandboxd::ServeOptions options;
    options.address = listen_address();
    options.keeper.most_sandboxes = number_of("--max-sandboxes", m_most, k_most_sandboxes);
    options.keeper.longest_life = std::chrono::seconds(number_of("--max-life", m_longest_life, k_longest_life));
    options.keeper.limits = {.memory_bytes = size_of("--memory", m_memory, k_least_memory),
                             .disk_bytes = size_of("--disk", m_disk, k_least_disk),
                             .processes = number_of("--processes", m_processes, k_most_processes),
                             .open_files = k_open_files};
    options.keeper.has_network = m_allows_network;
    options.keeper.templates = templates();
    options.key = read_key();
    return options;
  }

  sandboxd::ListenAddress listen_address() const {
    const std::size_t colon = m_listen.rfind(':');
    const std::string host = m_listen.substr(0, colon);
    const auto port =
        colon == std::string::npos ? std::nullopt : parse_uint(std::string_view(m_listen).substr(colon + 1));
    if (!port || *port > UINT16_MAX || host.empty()) {
      fail(ErrorCode::usage, fmt::format("option '--listen' has to be HOST:PORT, and not '{}'", m_listen),
           "for example --listen=127.0.0.1:8642; port 0 takes one that is free");
    }
    // An address of version 6 stands in brackets.
    const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
    return {is_bracketed ? host.substr(1, host.size() - 2) : host, static_cast<std::uint16_t>(*port)};
  }

  std::string read_key() const {
    std::string key;
    std::string source = m_key_file;
    if (!m_key_file.empty()) {
      key = value_or_throw(read_file(m_key_file, k_longest_key_file));
    } else {
      for (const char* variable : k_key_variables) {
        const char* value = std::getenv(variable);
        if (value == nullptr || *value == '\0') continue;
        key = value;
        source = variable;
        break;
      }
    }
    if (source.empty()) {
      fail(ErrorCode::usage, "sandboxd has no key: whoever reaches it could run programs on this machine",
           "set SPILLWAY_SANDBOXD_KEY, or name a file with --key-file; for example "
           "SPILLWAY_SANDBOXD_KEY=e2b_$(openssl rand -hex 20)");
    }
    key = trim(key);
    if (key.size() < k_shortest_key) {
      fail(ErrorCode::usage, fmt::format("the key in {} has less than {} characters", source, k_shortest_key),
           "openssl rand -hex 20 makes a good one");
    }
    return key;
  }

  std::map<std::string, fs::path> templates() const {
    std::map<std::string, fs::path> templates;
    for (const std::string& text : m_templates) {
      const std::size_t at = text.find('=');
      const std::string name = text.substr(0, at);
      if (at == std::string::npos || name.empty() || at + 1 == text.size()) {
        fail(ErrorCode::usage, fmt::format("option '--template' has to be NAME=DIR, and not '{}'", text));
      }
      std::error_code status;
      const fs::path folder = fs::canonical(text.substr(at + 1), status);
      if (status || !fs::is_directory(folder, status)) {
        fail(ErrorCode::file_not_found,
             fmt::format("the folder '{}' of template '{}' does not exist", text.substr(at + 1), name));
      }
      templates[name] = folder;
    }
    return templates;
  }

  std::string m_listen = "127.0.0.1:8642";
  std::string m_key_file;
  std::string m_most = "20";
  std::string m_longest_life = "86400";
  std::string m_memory = "1GB";
  std::string m_disk = "2GB";
  std::string m_processes = "512";
  std::vector<std::string> m_templates;
  bool m_allows_network = false;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_sandboxd_command() { return std::make_unique<SandboxdCommand>(); }

}  // namespace spillway::cli
