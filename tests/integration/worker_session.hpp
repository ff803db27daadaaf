#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "project.hpp"
#include "worker_process.hpp"

namespace spillway::testing {

/// A pipeline whose steps a test has a worker run one by one, with the commands that the host would send.
class WorkerSession {
 public:
  /// Compiles the pipeline into the session's directory. `settings` go into `prepare`.
  WorkerSession(const Project& project, const std::vector<Step>& steps, const Json& settings = Json::object(),
                const std::string& session_id = "run_1");

  /// Sends `prepare` and returns its answer.
  Json prepare(WorkerProcess& worker) const { return worker.ask(m_prepare); }
  /// The exec_step of a step, its inputs mapped from its needs.
  Json exec_step(const std::string& step_id) const;

  const Json& prepare_command() const { return m_prepare; }
  const std::filesystem::path& dir() const { return m_dir; }
  std::filesystem::path artifact(const std::string& step_id, const std::string& name) const {
    return m_dir / "artifacts" / step_id / name;
  }

 private:
  std::filesystem::path m_dir;
  Json m_prepare;
};

}  // namespace spillway::testing
