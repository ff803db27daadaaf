#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "config/settings.hpp"
#include "drivers/driver.hpp"
#include "engine/database.hpp"
#include "frame/frame_cache.hpp"
#include "pipeline/component.hpp"
#include "protocol/messages.hpp"
#include "protocol/sink.hpp"
#include "util/cancel.hpp"
#include "worker/access.hpp"
#include "worker/connections.hpp"

namespace spillway::worker {

using Json = nlohmann::json;

class Mirror;

/// One prepared run: engine, frames and running steps. Created by `prepare`, ended by `cleanup`.
class Session {
 public:
  /// Opens the engine and locks it to the files that the manifest's steps name. Throws what `prepare` answers.
  /// `mirror` has the host's files where this is another machine; else null.
  Session(const protocol::PrepareCommand& command, protocol::Sink& sink, const drivers::DriverRegistry& drivers,
          const pipeline::ComponentCatalog& catalog, Mirror* mirror);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Cancels running steps and waits for them.
  ~Session();

  Json ready_body() const;
  /// Starts a step on a thread of its own; `complete` is sent when it ends. One that was sent ahead is started when
  /// those that it needs have succeeded, and never when any step fails or is cancelled before that.
  void start_step(protocol::ExecStepCommand command);
  /// Cancels a running step, or all of them when `step_id` is empty. Unknown ids are ignored: it may have ended.
  void cancel(const std::string& step_id);
  /// Waits for running steps, frees the frames and returns the body of `cleaned`.
  Json cleanup();

 private:
  /// A step that was started: its cancellation reaches the statement that it runs.
  struct Running {
    std::string step_id;
    CancelToken cancel;
    std::mutex mutex;
    engine::Connection* connection = nullptr;  ///< while a statement may run on it
    std::thread thread;
  };
  class Attachment;
  struct Outcome;

  void start(protocol::ExecStepCommand command);
  void start_waiting();
  void open_stream(const std::string& step_id);
  void end_step(const std::string& step_id, protocol::Response complete);
  void run_step(const protocol::ExecStepCommand& command, Running& running);
  void handle_exec_step(const protocol::ExecStepCommand& command, Running& running, Outcome& outcome);
  Json load_config(const protocol::ExecStepCommand& command, const pipeline::ComponentSpec& spec);
  void hand_over(const engine::Relation& relation, bool is_streamed, drivers::StepContext& context, Outcome& outcome);
  void report_success(const protocol::ExecStepCommand& command, const Outcome& outcome);
  void report_failure(const protocol::ExecStepCommand& command, const Error& error);
  engine::StatementControl control_of(const std::string& step_id, const CancelToken& cancel);
  void wait_for_steps();
  void enter_mirror(const nlohmann::json& manifest);
  enum class Sent { artifacts, artifacts_and_outputs };
  void send_files(const std::string& step_id, Sent what, const CancelToken& cancel);

  SessionPaths m_paths;
  std::string m_pipeline_id;
  Connections m_connections;
  config::Settings m_settings;
  protocol::Sink& m_sink;
  const drivers::DriverRegistry& m_drivers;
  const pipeline::ComponentCatalog& m_catalog;
  Mirror* m_mirror;
  std::map<std::string, std::vector<std::filesystem::path>> m_outputs;  ///< by step, with a mirror

  std::unique_ptr<engine::Database> m_database;
  std::unique_ptr<frame::FrameCache> m_step_outputs;

  std::mutex m_mutex;  ///< guards what is below; of the list itself, not its members
  std::list<Running> m_running;
  std::size_t m_running_count = 0;
  std::uint64_t m_max_running = UINT64_MAX;        ///< of steps that were sent ahead
  std::list<protocol::ExecStepCommand> m_waiting;  ///< sent ahead, in the order of the manifest
  std::set<std::string, std::less<>> m_available;  ///< steps whose rows may be read: they succeeded, or stream
  std::set<std::string, std::less<>> m_streaming;  ///< of those that run; they count as none of m_running_count
  bool m_starts_nothing = false;                   ///< of what was sent ahead

  std::atomic<std::uint64_t> m_steps_executed{0};
  std::atomic<std::uint64_t> m_rows_read{0};
  std::atomic<std::uint64_t> m_rows_written{0};
  std::atomic<bool> m_has_writer{false};
};

}  // namespace spillway::worker
