// A worker that misbehaves: bad_worker MODE. What each mode does wrong is told by its name and by the test that uses
// it.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;
using namespace std::string_literals;

void write(const std::string& text) {
  std::cout << text;
  std::cout.flush();
}

void say(const json& message) { write(message.dump() + "\n"); }

json event(int number) {
  return {{"type", "event"}, {"name", "tick"}, {"timestamp", ""}, {"data", {{"number", number}}}};
}

/// More than a pipe holds.
constexpr int k_flood = 5'000;

/// Answers every ping, until its input ends.
void serve() {
  for (std::string line; std::getline(std::cin, line);) {
    const json command = json::parse(line);
    if (command["cmd"] == "ping") say(json{{"status", "pong"}, {"echo", command["data"]}});
  }
}

void wait_for_a_command() {
  std::string line;
  std::getline(std::cin, line);
}

void say_last_words() {
  for (int i = 1; i <= 30; ++i) std::cerr << "line " << i << "\n";
  std::cerr << "the end";
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

void tell_surroundings() {
  json environment = json::array();
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  json descriptors = json::array();
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const std::string name = entry.path().filename();
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (target.find("/fd") == std::string::npos) descriptors.push_back(std::stoi(name));  // the one that lists them
  }
  say(json{{"status", "seen"},
           {"environment", environment},
           {"descriptors", descriptors},
           {"pid", ::getpid()},
           {"parent", ::getppid()},
           {"group", ::getpgrp()}});
  serve();
}

const std::map<std::string, std::function<void()>> k_modes{
    {"good", serve},
    {"surroundings", tell_surroundings},
    {"exits", [] { std::exit(3); }},
    {"says_why_it_exits",
     [] {
       wait_for_a_command();
       say_last_words();
       std::exit(3);
     }},
    {"says_much_and_is_killed",
     [] {
       wait_for_a_command();
       say_last_words();
       ::kill(::getpid(), SIGKILL);
     }},
    {"kills_itself", [] { ::kill(::getpid(), SIGKILL); }},
    {"answers_and_exits",
     [] {
       say(event(1));
       std::exit(0);
     }},
    {"hangs", hang},
    {"ignores_everything",
     [] {
       ::signal(SIGTERM, SIG_IGN);
       say(event(1));
       hang();
     }},
    {"ends_on_term", [] { hang(); }},
    {"closes_its_output",
     [] {
       ::close(STDOUT_FILENO);
       hang();
     }},
    {"half_a_line", [] { write(R"({"status": "po)"); }},
    {"no_json",
     [] {
       write("Segmentation fault\n");
       hang();
     }},
    {"no_message",
     [] {
       say(json{{"colour", "blue"}});
       hang();
     }},
    {"line_without_end",
     [] {
       ::signal(SIGPIPE, SIG_DFL);
       const std::string megabyte(std::size_t{1} << 20, 'x');
       for (int i = 0; i < 1024; ++i) write(megabyte);
     }},
    {"floods",
     [] {
       for (int i = 0; i < k_flood; ++i) say(event(i));
       serve();
     }},
    {"sends_bytes",
     [] {
       say(json{{"type", "files_data"}, {"bytes", 5}});
       write(
           "a\nb\0c"
           "{\"status\": \"pong\"}\n"s);
       serve();
     }},
    {"announces_too_many_bytes",
     [] {
       say(json{{"type", "files_data"}, {"bytes", 1'048'577}});
       hang();
     }},
    {"reads_slowly",
     [] {
       for (std::string line; std::getline(std::cin, line);) {
         if (json::parse(line)["cmd"] != "files_data") break;
       }
       say(json{{"status", "pong"}, {"echo", "all of it"}});
       serve();
     }},
    {"floods_standard_error",
     [] {
       const std::string line(100'000, 'x');
       for (int i = 0; i < 100; ++i) std::cerr << line << "\n";
       serve();
     }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto mode = k_modes.find(argc > 1 ? argv[1] : "");
  if (mode == k_modes.end()) return 2;
  mode->second();
  return 0;
}
