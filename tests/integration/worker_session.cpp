#include "worker_session.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace spillway::testing {
namespace {

/// contracts.md, "Commands and answers", for ids without collisions.
std::string input_key(const std::string& need, std::size_t needs) {
  if (needs == 1) return "df";
  std::string key = "df_" + need;
  std::ranges::replace_if(
      key, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return key;
}

}  // namespace

WorkerSession::WorkerSession(const Project& project, const std::vector<Step>& steps, const Json& settings,
                             const std::string& session_id)
    : m_dir(project / ("logs/" + session_id)) {
  project.write_pipeline(steps);
  const ProcessResult compiled = project.spillway({"compile", "pipeline.yaml", "--out", m_dir.string()});
  if (compiled.exit_code != 0) throw std::runtime_error(compiled.err);
  Json manifest{{"steps", Json::array()}};
  std::vector<std::string> before;
  for (const Step& step : steps) {
    manifest["steps"].push_back({{"id", step.id},
                                 {"driver", step.component},
                                 {"cfg_path", "cfg/" + step.id + ".json"},
                                 {"needs", step.needs.value_or(before)}});
    before = {step.id};
  }
  m_prepare = {{"cmd", "prepare"}, {"session_id", session_id}, {"manifest", manifest}, {"settings", settings}};
  m_prepare["settings"]["session_dir"] = m_dir.string();
  m_prepare["settings"]["base_dir"] = project.path().string();
}

Json WorkerSession::exec_step(const std::string& step_id) const {
  for (const Json& step : m_prepare["manifest"]["steps"]) {
    if (step["id"] != step_id) continue;
    Json inputs = Json::object();
    for (const std::string need : step["needs"]) {
      inputs[input_key(need, step["needs"].size())] = {{"from_step", need}, {"key", "df"}};
    }
    return {{"cmd", "exec_step"},
            {"step_id", step_id},
            {"driver", step["driver"]},
            {"cfg_path", step["cfg_path"]},
            {"inputs", inputs}};
  }
  throw std::runtime_error("no step " + step_id);
}

}  // namespace spillway::testing
