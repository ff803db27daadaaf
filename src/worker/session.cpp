#include "worker/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/machine.hpp"
#include "protocol/codec.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/process.hpp"
#include "util/version.hpp"
#include "worker/memory_plan.hpp"
#include "worker/mirror.hpp"
#include "worker/step_config.hpp"

namespace spillway::worker {
namespace fs = std::filesystem;
namespace {

using pipeline::ComponentSpec;
using pipeline::Role;

constexpr int k_attempt = 1;
constexpr auto k_progress_interval = std::chrono::milliseconds(150);

Json input_fields(const frame::ResolvedInput& input) {
  Json fields{
      {"key", input.key}, {"from_step", input.from_step}, {"rows", input.rows}, {"from_memory", input.from_memory}};
  if (input.stream) fields.update({{"rows", input.stream->rows_taken()}, {"streamed", true}});
  return fields;
}

Json frame_fields(const frame::DataFrame* frame, const std::string& step_id) {
  Json fields{{"has_df_in_memory", frame != nullptr && frame->in_memory()},
              {"spill_used", frame != nullptr && frame->is_spilled()},
              {"spill_paths", nullptr}};
  if (frame != nullptr && frame->is_spilled()) {
    fields["spill_paths"] = {{"parquet", fmt::format("artifacts/{}/output.parquet", step_id)},
                             {"schema", fmt::format("artifacts/{}/schema.json", step_id)}};
  }
  return fields;
}

}  // namespace

/// What one attempt at a step came to.
struct Session::Outcome {
  Role role = Role::extractor;
  std::string driver;
  Stopwatch stopwatch;
  bool has_df = false;
  std::uint64_t rows_in = 0;
  std::uint64_t rows_out = 0;
  std::uint64_t rows_written = 0;
  std::optional<frame::DataFrame> frame;
  Json inputs = Json::array();

  std::uint64_t rows_processed() const { return has_df ? rows_out : rows_written; }
};

/// Lets cancel() reach the connection of a step while this lives.
class Session::Attachment {
 public:
  Attachment(Running& running, engine::Connection& connection) : m_running(running) { attach(&connection); }
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  ~Attachment() { attach(nullptr); }

 private:
  void attach(engine::Connection* connection) {
    const std::scoped_lock lock(m_running.mutex);
    m_running.connection = connection;
  }

  Running& m_running;
};

Session::Session(const protocol::PrepareCommand& command, protocol::Sink& sink,
                 const drivers::DriverRegistry& drivers, const pipeline::ComponentCatalog& catalog, Mirror* mirror)
    : m_connections(command.connections), m_sink(sink), m_drivers(drivers), m_catalog(catalog), m_mirror(mirror) {
  m_paths.session_id = command.session_id;
  m_pipeline_id = command.manifest.value("/pipeline/id"_json_pointer, "");
  const std::string session_dir = protocol::text_or(command.settings, "session_dir");
  const std::string base_dir = protocol::text_or(command.settings, "base_dir");
  m_paths.session_dir =
      fs::absolute(session_dir.empty() ? fs::path("logs") / command.session_id : fs::path(session_dir));
  m_paths.base_dir = fs::absolute(base_dir.empty() ? fs::path(".") : fs::path(base_dir)).lexically_normal();
  if (m_mirror != nullptr) enter_mirror(command.manifest);
  const config::Settings defaults =
      value_or_throw(config::resolve_settings({}, config::detect_machine()).map_error([](std::vector<Error> errors) {
        return errors[0];
      }));
  m_max_running = protocol::count_or(command.settings, "max_running_steps", UINT64_MAX);
  m_settings = value_or_throw(config::Settings::from_json(command.settings, defaults));
  spillway::create_directories(m_paths.session_dir / "artifacts");

  const MemoryPlan plan = plan_memory(m_settings.memory_limit_bytes);
  m_database = std::make_unique<engine::Database>(
      engine::DatabaseOptions{plan.engine_bytes, m_settings.threads, m_paths.session_dir / "tmp",
                              access_list(command.manifest, m_paths, m_catalog)});
  m_step_outputs =
      std::make_unique<frame::FrameCache>(*m_database,
                                          frame::SpillPolicy{m_settings.force_spill, m_settings.spill_threshold_rows,
                                                             m_settings.spill_bytes, plan.frames_bytes},
                                          m_paths.session_dir, m_sink);

  m_sink.event("session_initialized", {{"session_id", m_paths.session_id},
                                       {"drivers_loaded", ready_body()["drivers_loaded"]},
                                       {"worker_version", k_program_version}});
}

/// From here on the host's paths lead to its files below the mirror's root, also those that are relative in SQL.
void Session::enter_mirror(const nlohmann::json& manifest) {
  m_paths.files_root = m_mirror->root();
  m_paths.session_dir = below_root(m_paths.files_root, m_paths.session_dir);
  const fs::path base = below_root(m_paths.files_root, m_paths.base_dir);
  spillway::create_directories(base);
  fs::current_path(base);
  for (NamedFiles& files : named_files(manifest, m_paths, m_catalog)) {
    m_outputs[files.step_id] = std::move(files.write);
  }
}

Session::~Session() {
  cancel("");
  wait_for_steps();
}

Json Session::ready_body() const {
  std::vector<std::string> names;
  for (const auto& [name, driver] : m_drivers) names.push_back(name);
  return {{"session_id", m_paths.session_id},
          {"session_dir", m_paths.session_dir.string()},
          {"drivers_loaded", names},
          {"protocol", protocol::k_version},
          {"version", k_program_version}};
}

void Session::start_step(protocol::ExecStepCommand command) {
  const std::scoped_lock lock(m_mutex);
  if (!command.after) return start(std::move(command));
  if (m_starts_nothing) return;
  m_waiting.push_back(std::move(command));
  start_waiting();
}

/// The host counts on this order: it learns of each end in the order in which they are told, and draws the same
/// conclusions.
void Session::start_waiting() {
  for (auto next = m_waiting.begin(); next != m_waiting.end() && m_running_count < m_max_running;) {
    const bool is_ready =
        std::ranges::all_of(*next->after, [this](const std::string& id) { return m_available.contains(id); });
    const auto command = next++;
    if (!is_ready) continue;
    start(std::move(*command));
    m_waiting.erase(command);
  }
}

void Session::start(protocol::ExecStepCommand command) {
  ++m_running_count;
  Running& running = m_running.emplace_back();
  running.step_id = command.step_id;
  running.thread = std::thread([this, &running, step = std::move(command)] { run_step(step, running); });
}

/// The step that reads the rows may start. Whoever streams waits for that one, so that it must not take its place
/// among the steps that may run.
void Session::open_stream(const std::string& step_id) {
  const std::scoped_lock lock(m_mutex);
  m_sink.event("stream_opened", {{"step_id", step_id}});
  m_streaming.insert(step_id);
  --m_running_count;
  m_available.insert(step_id);
  start_waiting();
}

/// Tells the end of a step, and starts what waited for it.
void Session::end_step(const std::string& step_id, protocol::Response complete) {
  const std::scoped_lock lock(m_mutex);
  const bool has_succeeded = !complete.body.contains("error");
  m_sink.emit(std::move(complete));
  if (m_streaming.erase(step_id) == 0) --m_running_count;
  if (has_succeeded) {
    m_available.insert(step_id);
    start_waiting();
  } else {
    m_starts_nothing = true;
    m_waiting.clear();
  }
}

void Session::cancel(const std::string& step_id) {
  const std::scoped_lock lock(m_mutex);
  if (step_id.empty()) {
    m_starts_nothing = true;
    m_waiting.clear();
  }
  for (Running& running : m_running) {
    if (!step_id.empty() && running.step_id != step_id) continue;
    running.cancel.cancel();
    const std::scoped_lock running_lock(running.mutex);
    if (running.connection != nullptr) running.connection->interrupt();
  }
}

void Session::wait_for_steps() {
  for (;;) {
    std::thread thread;
    {
      const std::scoped_lock lock(m_mutex);
      const auto next =
          std::ranges::find_if(m_running, [](const Running& running) { return running.thread.joinable(); });
      if (next == m_running.end()) return;
      thread = std::move(next->thread);
    }
    // Before its end it has started what waited for it.
    thread.join();
  }
}

void Session::run_step(const protocol::ExecStepCommand& command, Running& running) {
  m_sink.event("step_start", {{"step_id", command.step_id}, {"driver", command.driver}, {"attempt", k_attempt}});
  try {
    Outcome outcome;
    outcome.driver = command.driver;
    handle_exec_step(command, running, outcome);
    send_files(command.step_id, Sent::artifacts_and_outputs, running.cancel);
    report_success(command, outcome);
    m_step_outputs->end_reading(command.inputs, /*has_failed=*/false);
  } catch (...) {
    Error error = current_error();
    if (running.cancel.is_cancelled()) {
      error = make_error(ErrorCode::cancelled, "cancelled");
    } else if (std::optional<Error> broken = m_step_outputs->broken_input(command.inputs)) {
      error = *std::move(broken);
    }
    m_step_outputs->note_missing(command.step_id, "it failed");
    try {
      send_files(command.step_id, Sent::artifacts, running.cancel);
    } catch (...) {
      // The host has been told to forget them, and the error that counts is the first one.
    }
    report_failure(command, error);
    // Only now, so that the host hears first of the step that failed by itself.
    m_step_outputs->fail_stream(command.step_id);
    m_step_outputs->end_reading(command.inputs, /*has_failed=*/true);
  }
}

/// docs/protocol.md, "Files": what the host has to have before it hears that the step is over.
void Session::send_files(const std::string& step_id, Sent what, const CancelToken& cancel) {
  if (m_mirror == nullptr) return;
  const auto named = m_outputs.find(step_id);
  const bool has_outputs = what == Sent::artifacts_and_outputs && named != m_outputs.end();
  m_mirror->send(step_id, m_paths.session_dir / "artifacts" / step_id,
                 has_outputs ? named->second : std::vector<fs::path>{}, m_sink, cancel);
}

/// runtime-guide.md, "handle_exec_step() Must".
void Session::handle_exec_step(const protocol::ExecStepCommand& command, Running& running, Outcome& outcome) {
  const auto driver = m_drivers.find(command.driver);
  const ComponentSpec* spec = m_catalog.find(command.driver);
  if (driver == m_drivers.end() || spec == nullptr) {
    fail(ErrorCode::unsupported,
         fmt::format("cannot run step '{}': there is no driver '{}'", command.step_id, command.driver));
  }
  outcome.role = spec->role;
  const Json config = load_config(command, *spec);
  const std::vector<frame::ResolvedInput> inputs =
      m_step_outputs->resolve_inputs(command.step_id, command.inputs, &running.cancel);

  engine::Connection connection = m_database->connect();
  const engine::StatementControl control = control_of(command.step_id, running.cancel);
  drivers::StepContext context{command.step_id,
                               m_paths.session_id,
                               config,
                               m_paths.base_dir,
                               m_paths.session_dir / "artifacts" / command.step_id,
                               connection,
                               inputs,
                               m_sink,
                               control,
                               running.cancel,
                               m_pipeline_id,
                               m_connections.fields_for(command.step_id, config, *spec),
                               m_paths.files_root};
  const config::WipeAtEnd wiped(context.connection_fields);
  const Attachment attachment(running, connection);
  if (m_mirror != nullptr) {
    if (std::optional<Error> error = m_mirror->unreadable_input(command.step_id)) fail(std::move(*error));
  }
  drivers::StepResult result = driver->second->run(context);
  outcome.rows_written = result.rows_written;
  if (result.df) {
    result.df->reads_once = std::ranges::any_of(inputs, [](const auto& input) { return input.stream != nullptr; });
    hand_over(*result.df, command.is_streamed, context, outcome);
  } else {
    m_step_outputs->note_missing(command.step_id, "it produced none");
  }
  for (const frame::ResolvedInput& input : inputs) {
    outcome.inputs.push_back(input_fields(input));
    outcome.rows_in += outcome.inputs.back()["rows"].get<std::uint64_t>();
  }
}

/// Reads the step's config, keeps a masked copy among the artifacts, and returns what is for the driver.
Json Session::load_config(const protocol::ExecStepCommand& command, const ComponentSpec& spec) {
  StepConfig step = read_step_config(m_paths.session_dir, command.cfg_path);
  m_sink.event(
      "cfg_opened",
      {{"step_id", command.step_id}, {"path", command.cfg_path}, {"sha256", step.sha256}, {"keys", step.keys}});
  const std::string folder = fmt::format("artifacts/{}", command.step_id);
  spillway::create_directories(m_paths.session_dir / folder);
  m_sink.event("artifacts_dir_created", {{"step_id", command.step_id}, {"relative_path", folder}});
  m_sink.event("config_meta_stripped", {{"step_id", command.step_id}, {"keys_removed", step.meta_keys}});

  const std::string clean = cleaned_config(step.config, spec).dump(2) + "\n";
  const std::string path = folder + "/cleaned_config.json";
  write_file_atomically(m_paths.session_dir / path, clean, Durability::process);
  m_sink.event("artifact_created", {{"step_id", command.step_id},
                                    {"artifact_type", "cleaned_config"},
                                    {"path", path},
                                    {"size_bytes", clean.size()}});
  return std::move(step.config);
}

/// To the cache, or straight to the step that reads the rows. Who forces spilling wants to see every frame.
void Session::hand_over(const engine::Relation& relation, bool is_streamed, drivers::StepContext& context,
                        Outcome& outcome) {
  outcome.has_df = true;
  if (is_streamed && !m_settings.force_spill) {
    outcome.rows_out = m_step_outputs->stream(context.step_id, relation, context.connection, context.control,
                                              [&] { open_stream(context.step_id); });
  } else {
    outcome.frame = m_step_outputs->materialize(context.step_id, relation, context.connection, context.control);
    outcome.rows_out = outcome.frame->row_count;
  }
  m_sink.event("rows_out", {{"step_id", context.step_id}, {"value", outcome.rows_out}});
  m_sink.metric("rows_out", outcome.rows_out, "rows", context.step_id);
}

void Session::report_success(const protocol::ExecStepCommand& command, const Outcome& outcome) {
  const std::uint64_t duration_ms = outcome.stopwatch.elapsed_ms();
  m_steps_executed += 1;
  if (outcome.role == Role::extractor) {
    m_rows_read += outcome.rows_out;
    m_sink.metric("rows_read", outcome.rows_out, "rows", command.step_id);
  }
  if (outcome.role == Role::writer) {
    m_has_writer = true;
    m_rows_written += outcome.rows_written;
  }
  if (!outcome.inputs.empty()) m_sink.metric("rows_in", outcome.rows_in, "rows", command.step_id);
  m_sink.metric("step_duration_ms", duration_ms, "ms", command.step_id);
  m_sink.event("step_complete", {{"step_id", command.step_id},
                                 {"driver", command.driver},
                                 {"rows_processed", outcome.rows_processed()},
                                 {"duration_ms", duration_ms}});
  Json outputs{{"df", outcome.has_df},
               {"rows_in", outcome.rows_in},
               {"rows_out", outcome.rows_out},
               {"rows_written", outcome.rows_written},
               {"inputs", outcome.inputs}};
  outputs.update(frame_fields(outcome.frame ? &*outcome.frame : nullptr, command.step_id));
  end_step(command.step_id, {"complete",
                             {{"step_id", command.step_id},
                              {"rows_processed", outcome.rows_processed()},
                              {"outputs", std::move(outputs)},
                              {"duration_ms", duration_ms}}});
}

void Session::report_failure(const protocol::ExecStepCommand& command, const Error& error) {
  Json event = protocol::error_fields(error);
  Json body = event;
  event.update({{"step_id", command.step_id}, {"driver", command.driver}, {"attempt", k_attempt}});
  m_sink.event("step_failed", std::move(event));
  body.update({{"step_id", command.step_id}, {"rows_processed", 0}, {"outputs", Json::object()}, {"duration_ms", 0}});
  end_step(command.step_id, {"complete", std::move(body)});
}

engine::StatementControl Session::control_of(const std::string& step_id, const CancelToken& cancel) {
  engine::StatementControl control;
  control.cancel = &cancel;
  control.poll = [this, step_id, next = std::chrono::steady_clock::now() + k_progress_interval](
                     const engine::Progress& progress) mutable {
    if (std::chrono::steady_clock::now() < next) return false;
    next = std::chrono::steady_clock::now() + k_progress_interval;
    Json percent = progress.percent < 0 ? Json() : Json(progress.percent);
    m_sink.emit(protocol::Metric{"progress",
                                 std::move(percent),
                                 now_iso8601(),
                                 {{"step_id", step_id}, {"unit", "percent"}, {"rows", progress.rows}}});
    return false;
  };
  return control;
}

Json Session::cleanup() {
  wait_for_steps();
  m_sink.event("cleanup_start", Json::object());
  Json frames = Json::object();
  for (const frame::DataFrame& frame : m_step_outputs->frames()) {
    frames[frame.step_id] = frame_fields(&frame, frame.step_id);
  }
  m_step_outputs.reset();
  m_database.reset();
  std::error_code ignored;
  fs::remove_all(m_paths.session_dir / "tmp", ignored);
  if (m_mirror != nullptr) m_mirror->send("", m_paths.session_dir / "artifacts", {}, m_sink, CancelToken());
  m_sink.metric("peak_memory_bytes", peak_memory_bytes(::getpid()), "bytes", "");

  const std::uint64_t total_rows = m_has_writer ? m_rows_written.load() : m_rows_read.load();
  m_sink.event("cleanup_complete", {{"steps_executed", m_steps_executed.load()}, {"total_rows", total_rows}});
  return {{"session_id", m_paths.session_id},
          {"steps_executed", m_steps_executed.load()},
          {"total_rows", total_rows},
          {"frames", std::move(frames)}};
}

}  // namespace spillway::worker
