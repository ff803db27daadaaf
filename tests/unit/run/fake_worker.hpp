#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sandbox/channel.hpp"
#include "util/version.hpp"

namespace spillway::run {

using protocol::Json;

/// A worker that does what the test says: it answers each command at once, from the thread that sent it.
class FakeWorker {
 public:
  /// Called for every command; answers by say() and die().
  using Script = std::function<void(const protocol::Command&)>;

  FakeWorker() : script([this](const protocol::Command& command) { behave(command); }) {}

  std::unique_ptr<sandbox::Channel> open() { return std::make_unique<Channel>(*this); }

  void say(protocol::Message message) { m_messages.push_back(std::move(message)); }
  void respond(const std::string& status, Json body) { say(protocol::Response{status, std::move(body)}); }
  void event(const std::string& name, Json data) { say(protocol::Event{name, "", std::move(data)}); }
  /// No message is to come any more.
  void die() { m_dead = true; }

  /// A step that did well: the answer of a good worker.
  void complete(const std::string& step_id, Json outputs = Json::object()) {
    respond("complete", {{"step_id", step_id}, {"duration_ms", 1}, {"outputs", std::move(outputs)}});
  }
  void fail_step(const std::string& step_id, const char* code) {
    event("step_failed", {{"step_id", step_id},
                          {"driver", "d"},
                          {"error", "it broke"},
                          {"error_type", "t"},
                          {"error_code", code},
                          {"hint", ""},
                          {"attempt", 1}});
    respond("complete", {{"step_id", step_id}, {"duration_ms", 1}, {"error", "it broke"}, {"error_code", code}});
  }
  /// What a good worker answers to anything.
  void behave(const protocol::Command& command) {
    if (std::holds_alternative<protocol::PrepareCommand>(command)) {
      respond("ready", {{"protocol", protocol::k_version}, {"version", k_program_version}});
    }
    if (const auto* exec = std::get_if<protocol::ExecStepCommand>(&command)) complete(exec->step_id);
    if (std::holds_alternative<protocol::CleanupCommand>(command)) respond("cleaned", {{"frames", Json::object()}});
  }

  /// The commands so far, in short: prepare, exec a, cancel, cleanup.
  std::vector<std::string> commands;
  std::vector<protocol::ExecStepCommand> executed;
  Script script;

 private:
  class Channel : public sandbox::Channel {
   public:
    explicit Channel(FakeWorker& worker) : m_worker(worker) {}
    void send(const protocol::Command& command) override {
      m_worker.note(command);
      m_worker.script(command);
    }
    std::optional<protocol::Message> receive(std::chrono::milliseconds) override {
      if (m_worker.m_messages.empty()) {
        if (m_worker.m_dead) fail(ErrorCode::sandbox, "the worker ended: killed by signal 9");
        return std::nullopt;
      }
      protocol::Message message = std::move(m_worker.m_messages.front());
      m_worker.m_messages.pop_front();
      return message;
    }

   private:
    FakeWorker& m_worker;
  };

  void note(const protocol::Command& command) {
    if (const auto* exec = std::get_if<protocol::ExecStepCommand>(&command)) {
      commands.push_back("exec " + exec->step_id);
      executed.push_back(*exec);
    } else if (std::holds_alternative<protocol::PrepareCommand>(command)) {
      commands.emplace_back("prepare");
    } else if (std::holds_alternative<protocol::CancelCommand>(command)) {
      commands.emplace_back("cancel");
    } else if (std::holds_alternative<protocol::CleanupCommand>(command)) {
      commands.emplace_back("cleanup");
    }
  }

  std::deque<protocol::Message> m_messages;
  bool m_dead = false;
};

}  // namespace spillway::run
