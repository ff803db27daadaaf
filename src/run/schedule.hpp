#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::run {

enum class StepStatus { pending, running, succeeded, failed, cancelled, skipped };
/// The name in the run card, e.g. "succeeded".
std::string_view to_string(StepStatus status);

/// Why a step never ran: a step it needs failed, another step failed before its turn came, or the run was cancelled.
enum class SkipReason { upstream_failed, run_failed, run_cancelled };
std::string_view to_string(SkipReason reason);

struct Skip {
  std::string step_id;
  SkipReason reason = SkipReason::run_failed;
  std::string because_of;  ///< the step that failed; empty when none did
};

/// Decides which steps start and when: those whose needs are complete, in the order of the manifest, so many at a
/// time. Pure: it knows no worker and no clock.
class Schedule {
 public:
  /// A step and the ids of the earlier steps that it needs.
  struct Step {
    std::string id;
    std::vector<std::string> needs;
  };
  Schedule(std::vector<Step> steps, std::size_t max_running);

  /// The steps to start now; from here on they run.
  std::vector<std::string> start_ready();
  /// That step runs, whether its turn has come or not.
  void start(const std::string& step_id);
  /// A running step hands its rows on as they come: the step that reads them may start. It waits for that one from
  /// now on, and is none of those that run at once.
  void open_stream(const std::string& step_id);
  std::size_t max_running() const { return m_max_running; }
  /// A running step ended. Unless it succeeded, nothing starts any more.
  void finish(const std::string& step_id, StepStatus status);
  /// Nothing starts any more; what runs goes on.
  void stop() { m_stopped = true; }

  bool has_running() const { return !m_running.empty(); }
  bool is_running(const std::string& step_id) const;
  std::vector<std::string> running() const;
  /// The steps that never started, each with its reason. `otherwise` is the reason of those that no failed step is to
  /// blame for.
  std::vector<Skip> skips(SkipReason otherwise) const;

 private:
  struct Node {
    Step step;
    StepStatus status = StepStatus::pending;
    std::size_t missing_needs = 0;
    bool is_streaming = false;
    std::vector<std::size_t> dependants;
  };

  void release_dependants(std::size_t at);

  std::vector<Node> m_nodes;  ///< in the order of the manifest
  std::map<std::string, std::size_t, std::less<>> m_index;
  std::set<std::size_t> m_ready;
  std::set<std::size_t> m_running;
  std::size_t m_streaming = 0;  ///< of those that run
  std::string m_first_failed;
  std::size_t m_max_running;
  bool m_stopped = false;
};

}  // namespace spillway::run
