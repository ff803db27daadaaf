#include "run/schedule.hpp"

#include <utility>

namespace spillway::run {

std::string_view to_string(StepStatus status) {
  switch (status) {
    case StepStatus::pending:
      return "pending";
    case StepStatus::running:
      return "running";
    case StepStatus::succeeded:
      return "succeeded";
    case StepStatus::failed:
      return "failed";
    case StepStatus::cancelled:
      return "cancelled";
    case StepStatus::skipped:
      return "skipped";
  }
  return "unknown";
}

std::string_view to_string(SkipReason reason) {
  switch (reason) {
    case SkipReason::upstream_failed:
      return "upstream_failed";
    case SkipReason::run_failed:
      return "run_failed";
    case SkipReason::run_cancelled:
      return "run_cancelled";
  }
  return "unknown";
}

Schedule::Schedule(std::vector<Step> steps, std::size_t max_running) : m_max_running(max_running) {
  m_nodes.reserve(steps.size());
  for (Step& step : steps) {
    const std::size_t at = m_nodes.size();
    for (const std::string& need : step.needs) m_nodes[m_index.at(need)].dependants.push_back(at);
    m_index.emplace(step.id, at);
    const std::size_t missing = step.needs.size();
    if (missing == 0) m_ready.insert(at);
    Node& node = m_nodes.emplace_back();
    node.step = std::move(step);
    node.missing_needs = missing;
  }
}

std::vector<std::string> Schedule::start_ready() {
  std::vector<std::string> started;
  while (!m_stopped && !m_ready.empty() && m_running.size() - m_streaming < m_max_running) {
    const std::size_t at = *m_ready.begin();
    m_ready.erase(m_ready.begin());
    m_running.insert(at);
    m_nodes[at].status = StepStatus::running;
    started.push_back(m_nodes[at].step.id);
  }
  return started;
}

void Schedule::start(const std::string& step_id) {
  const std::size_t at = m_index.at(step_id);
  m_ready.erase(at);
  m_running.insert(at);
  m_nodes[at].status = StepStatus::running;
}

void Schedule::open_stream(const std::string& step_id) {
  const std::size_t at = m_index.at(step_id);
  if (!m_running.contains(at) || m_nodes[at].is_streaming) return;
  m_nodes[at].is_streaming = true;
  ++m_streaming;
  release_dependants(at);
}

void Schedule::release_dependants(std::size_t at) {
  for (const std::size_t dependant : m_nodes[at].dependants) {
    if (--m_nodes[dependant].missing_needs == 0) m_ready.insert(dependant);
  }
}

void Schedule::finish(const std::string& step_id, StepStatus status) {
  const std::size_t at = m_index.at(step_id);
  m_running.erase(at);
  m_nodes[at].status = status;
  const bool was_streaming = std::exchange(m_nodes[at].is_streaming, false);
  if (was_streaming) --m_streaming;
  if (status != StepStatus::succeeded) {
    if (status == StepStatus::failed && m_first_failed.empty()) m_first_failed = step_id;
    stop();
    return;
  }
  if (!was_streaming) release_dependants(at);
}

bool Schedule::is_running(const std::string& step_id) const {
  const auto found = m_index.find(step_id);
  return found != m_index.end() && m_running.contains(found->second);
}

std::vector<std::string> Schedule::running() const {
  std::vector<std::string> ids;
  for (const std::size_t at : m_running) ids.push_back(m_nodes[at].step.id);
  return ids;
}

std::vector<Skip> Schedule::skips(SkipReason otherwise) const {
  std::vector<Skip> skips;
  // Needs stand earlier, so one pass hands a failure down to everything that hangs on it.
  std::vector<std::string> failed_need(m_nodes.size());
  for (std::size_t at = 0; at < m_nodes.size(); ++at) {
    const Node& node = m_nodes[at];
    if (node.status == StepStatus::failed) failed_need[at] = node.step.id;
    if (node.status != StepStatus::pending) continue;
    for (const std::string& need : node.step.needs) {
      if (failed_need[at].empty()) failed_need[at] = failed_need[m_index.at(need)];
    }
    if (failed_need[at].empty()) {
      skips.push_back({node.step.id, otherwise, m_first_failed});
    } else {
      skips.push_back({node.step.id, SkipReason::upstream_failed, failed_need[at]});
    }
  }
  return skips;
}

}  // namespace spillway::run
