#include "run/run.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "config/wipe.hpp"
#include "protocol/codec.hpp"
#include "protocol/messages.hpp"
#include "run/ledger.hpp"
#include "run/leftovers.hpp"
#include "run/stdout_copy.hpp"

namespace spillway::run {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

/// How long the host sleeps when the worker is silent: this often signals are noticed and displays move.
constexpr std::chrono::milliseconds k_tick{80};

/// The conversation with one worker, from prepare to cleanup.
class Run {
 public:
  Run(Request& request, const Host& host)
      : m_request(request), m_host(host), m_ledger(request, host.observer, host.now) {}
  RunOutcome execute();

 private:
  void converse();
  void prepare();
  void send_steps_ahead();
  void run_steps();
  void clean_up();
  void stop_worker();

  template <typename Done>
  void pump_until(Done done);
  void stop_if_asked();
  void start_ready_steps();
  static protocol::ExecStepCommand exec_step(const pipeline::ManifestStep& step);
  void send(const protocol::Command& command);

  void handle(const protocol::Response& response);
  void handle(const protocol::Event& event);
  void handle(const protocol::Metric& metric);
  void handle(const protocol::ErrorMessage& message);
  /// The channel keeps files to itself.
  template <typename Files>
  void handle(const Files&) {}
  void on_complete(const Json& body);
  void on_error(const Json& body);
  void publish_stdout(StepOutcome& step);

  Request& m_request;
  const Host& m_host;
  Ledger m_ledger;
  std::unique_ptr<sandbox::Channel> m_channel;
  std::set<std::string> m_wrote_to_stdout;  ///< ids of steps
  bool m_is_ready = false;
  bool m_is_cleaned = false;
  bool m_cancel_sent = false;
  std::optional<Clock::time_point> m_deadline;  ///< after it nobody waits for the worker any more
};

RunOutcome Run::execute() {
  try {
    converse();
  } catch (...) {
    m_ledger.fail_run(current_error());
  }
  // One that does not end must not keep the record from being written.
  const bool is_stuck = m_deadline && Clock::now() > *m_deadline;
  if (!is_stuck) stop_worker();
  RunOutcome outcome = m_ledger.close();
  stop_worker();
  return outcome;
}

void Run::converse() {
  m_ledger.open();
  m_ledger.enter(Phase::prepare);
  sandbox::RunPlace place{
      m_ledger.outcome().session_id,     m_ledger.outcome().run_dir, m_request.base_dir,
      m_request.plan.manifest.to_json(), m_request.connections,      m_ledger.lock().descriptor()};
  const config::WipeAtEnd wiped(place.connections);
  m_channel = m_host.open_channel(place);
  prepare();
  m_ledger.enter(Phase::step);
  // A worker that never was ready has nothing to run and nothing to clean.
  if (!m_is_ready) return;
  run_steps();
  if (!m_ledger.has_running_steps()) clean_up();
}

void Run::prepare() {
  Json settings = m_request.settings.to_json();
  settings["session_dir"] = m_ledger.outcome().run_dir.string();
  settings["base_dir"] = m_request.base_dir.string();
  if (m_channel->is_far()) settings["max_running_steps"] = m_ledger.max_running_steps();
  protocol::Command command =
      protocol::PrepareCommand{m_ledger.outcome().session_id, m_request.plan.manifest.to_json(),
                               std::move(m_request.connections), std::move(settings)};
  // Whatever happens: nobody needs them again.
  const config::WipeAtEnd wiped(std::get<protocol::PrepareCommand>(command).connections);
  send(command);
  if (m_channel->is_far()) send_steps_ahead();
  pump_until([this] {
    const std::string activity = m_channel->activity();
    if (!activity.empty()) m_host.observer.preparing(m_request.redactor.redact(std::string_view(activity)));
    // Nothing runs yet that a run which is stopped would have to wait for; unless steps were sent ahead, and have
    // come.
    const bool may_run = m_channel->is_far() && activity.empty() && !m_ledger.outcome().error;
    return m_is_ready || (m_ledger.is_stopping() && !may_run);
  });
}

/// The worker starts each when its turn has come, by the same rules as the schedule here, and cleans up after the
/// last.
void Run::send_steps_ahead() {
  for (const pipeline::ManifestStep& step : m_request.plan.manifest.steps) {
    protocol::ExecStepCommand command = exec_step(step);
    command.after = step.needs;
    send(command);
  }
  send(protocol::CleanupCommand{true});
}

void Run::run_steps() {
  start_ready_steps();
  pump_until([this] { return !m_ledger.has_running_steps(); });
}

void Run::clean_up() {
  if (!m_channel->is_far()) send(protocol::CleanupCommand{});
  pump_until([this] { return m_is_cleaned; });
}

/// Ends the worker, and does for it what it was not alive to do.
void Run::stop_worker() {
  if (!m_channel) return;
  m_channel.reset();
  if (!m_is_cleaned) remove_leftovers(m_ledger.outcome().run_dir, m_request.plan.manifest.to_json());
}

/// Takes in messages until `done`, or until a worker that was told to stop has had its time.
template <typename Done>
void Run::pump_until(Done done) {
  while (!done()) {
    stop_if_asked();
    if (m_deadline && Clock::now() > *m_deadline) return;
    if (const auto message = m_channel->receive(k_tick)) {
      std::visit([this](const auto& received) { this->handle(received); }, *message);
    }
    m_host.observer.tick();
  }
}

void Run::stop_if_asked() {
  if (const int signal = m_host.stop_signal(); signal != 0) m_ledger.cancel_run(signal);
  if (m_ledger.record().first_error()) m_ledger.fail_run(*m_ledger.record().first_error());
  if (!m_ledger.is_stopping() || m_cancel_sent) return;
  m_cancel_sent = true;
  m_deadline = Clock::now() + m_host.cancel_grace;
  if (m_ledger.has_running_steps() || m_channel->is_far()) send(protocol::CancelCommand{});
}

void Run::start_ready_steps() {
  for (const pipeline::ManifestStep* step : m_ledger.start_ready_steps()) {
    if (!m_channel->is_far()) send(exec_step(*step));
  }
}

protocol::ExecStepCommand Run::exec_step(const pipeline::ManifestStep& step) {
  protocol::ExecStepCommand command{
      .step_id = step.id, .driver = step.driver, .cfg_path = step.cfg_path, .is_streamed = step.is_streamed};
  for (const pipeline::StepInput& input : step.inputs()) command.inputs[input.key] = {input.from_step, "df"};
  return command;
}

void Run::send(const protocol::Command& command) {
  m_ledger.record().command(command);
  m_channel->send(command);
}

void Run::handle(const protocol::Response& response) {
  if (response.status == "ready") {
    if (auto mismatch = protocol::version_mismatch(response.body)) m_ledger.fail_run(std::move(*mismatch));
    m_is_ready = !m_ledger.outcome().error;
  } else if (response.status == "complete") {
    on_complete(response.body);
  } else if (response.status == "cleaned") {
    m_ledger.take_frames(response.body.value("frames", Json()));
    m_is_cleaned = true;
  } else if (response.status == "error") {
    on_error(response.body);
  }
}

void Run::on_complete(const Json& body) {
  StepOutcome* step = m_ledger.find_step(body);
  if (step == nullptr || !m_ledger.is_running(*step)) {
    m_ledger.record().log("the worker answered for a step that does not run");
    return;
  }
  m_ledger.take_complete(*step, body);
  publish_stdout(*step);
  m_ledger.end_step(*step);
  start_ready_steps();
}

/// The worker refused a command: a step when it says which, else all that is to come.
void Run::on_error(const Json& body) {
  const Error error = protocol::error_from_fields(body);
  StepOutcome* step = m_ledger.find_step(body);
  if (step == nullptr || !m_ledger.is_running(*step)) {
    m_ledger.fail_run(error);
    return;
  }
  m_ledger.fail_step(*step, error);
  m_ledger.end_step(*step);
}

void Run::handle(const protocol::Event& event) {
  m_ledger.record().event(event.name, event.data, event.timestamp);
  StepOutcome* step = m_ledger.find_step(event.data);
  if (step == nullptr) return;
  // One that was sent ahead has started before the worker heard that nothing more is to start.
  if (event.name == "step_start") m_ledger.note_started(*step);
  if (event.name == "stream_opened") {
    m_ledger.note_streaming(*step);
    start_ready_steps();
  }
  const auto text = [&event](const char* field) { return event.data.value(field, ""); };
  if (event.name == "artifact_created") {
    if (text("artifact_type") == "stdout") {
      m_wrote_to_stdout.insert(step->step_id);
    } else {
      step->artifacts.push_back(text("path"));
    }
  } else if (event.name == "frame_spilled") {
    step->spill_reason = text("reason");
  } else if (event.name == "write_start") {
    step->write_target = m_request.redactor.redact(std::string_view(text("target")));
  }
}

void Run::handle(const protocol::Metric& metric) {
  // How far a step is interests whoever watches, not the record.
  if (metric.name != "progress") {
    m_ledger.record().metric(metric.name, metric.value, metric.tags, metric.timestamp);
    return;
  }
  const StepOutcome* step = m_ledger.find_step(metric.tags);
  if (step == nullptr) return;
  Progress progress;
  if (metric.value.is_number()) progress.percent = metric.value.get<double>();
  if (const auto rows = metric.tags.find("rows"); rows != metric.tags.end() && rows->is_number_integer()) {
    progress.rows = rows->get<std::uint64_t>();
  }
  m_host.observer.step_progressed(*step, progress);
}

void Run::handle(const protocol::ErrorMessage& message) {
  m_ledger.fail_run(make_error(ErrorCode::protocol, fmt::format("the worker could not go on: {}", message.error)));
}

/// Copies what a step wrote for `-` to standard output; the file was only its way there. Where it is does not depend
/// on what the worker says.
void Run::publish_stdout(StepOutcome& step) {
  if (!m_wrote_to_stdout.contains(step.step_id)) return;
  const fs::path file = fs::path("artifacts") / step.step_id / "stdout";
  if (step.status == StepStatus::succeeded) {
    m_host.observer.output_follows();
    if (const Result<void> copied = copy_to_reader(m_host.out_fd, m_ledger.outcome().run_dir, file); !copied)
      m_ledger.fail_step(step, copied.error());
  }
  std::error_code ignored;
  fs::remove(m_ledger.outcome().run_dir / file, ignored);
}

}  // namespace

RunOutcome execute(Request& request, const Host& host) { return Run(request, host).execute(); }

}  // namespace spillway::run
