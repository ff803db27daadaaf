#include "sandbox/shared_channel.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "pipeline/component.hpp"
#include "sandbox/step_failure.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "worker/access.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

/// Which file a path leads to, and which content it has; a file that takes its place is another one.
using FileState = std::tuple<dev_t, ino_t, off_t, time_t, long>;

FileState state_of(const fs::path& path) {
  // Opened, because a network file system looks again only then.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

class SharedChannel : public Channel {
 public:
  SharedChannel(std::unique_ptr<Channel> inner, const RunPlace& place)
      : m_manifest(place.manifest), m_artifacts(place.run_dir / "artifacts"), m_inner(std::move(inner)) {
    for (worker::NamedFiles& files :
         worker::named_files(place.manifest, {place.session_id, place.run_dir, place.base_dir},
                             pipeline::ComponentCatalog::built_in())) {
      m_outputs[files.step_id] = std::move(files.write);
    }
  }

  void send(const protocol::Command& command) override {
    if (const auto* step = std::get_if<protocol::ExecStepCommand>(&command)) {
      for (const fs::path& path : m_outputs[step->step_id]) m_before[step->step_id][path] = state_of(path);
    }
    m_inner->send(command);
  }

  std::optional<protocol::Message> receive(std::chrono::milliseconds timeout) override {
    if (!m_pending.empty()) {
      protocol::Message message = std::move(m_pending.front());
      m_pending.pop_front();
      return message;
    }
    std::optional<protocol::Message> message = m_inner->receive(timeout);
    const auto* response = message ? std::get_if<protocol::Response>(&*message) : nullptr;
    if (response == nullptr) return message;
    if (response->status == "ready") check_run_dir();
    if (response->status != "complete" || response->body.contains("error")) return message;
    const std::string step_id = step_of(response->body);
    for (const auto& [path, before] : std::exchange(m_before[step_id], {})) {
      if (state_of(path) != before) continue;
      StepFailure failure = step_failure(step_id, driver_of(m_manifest, step_id), unseen(path));
      m_pending.emplace_back(std::move(failure.complete));
      return std::move(failure.event);
    }
    return message;
  }

  std::string activity() const override { return m_inner->activity(); }

 private:
  /// A worker that is ready has made this folder.
  void check_run_dir() const {
    std::error_code ignored;
    if (fs::is_directory(m_artifacts, ignored)) return;
    fail(ErrorCode::sandbox,
         fmt::format("the worker does not share this machine's files: it made '{}' somewhere else",
                     m_artifacts.string()),
         "make the folders of the run visible to it under the same paths, or leave out --sandbox-shared-files: then "
         "files are sent");
  }

  static Error unseen(const fs::path& path) {
    return make_error(ErrorCode::sandbox,
                      fmt::format("the worker wrote '{}' somewhere else: here nothing has changed", path.string()),
                      fmt::format("make the folder '{}' visible to it under the same path, or leave out "
                                  "--sandbox-shared-files: then files are sent",
                                  path.parent_path().string()));
  }

  protocol::Json m_manifest;
  fs::path m_artifacts;
  std::unique_ptr<Channel> m_inner;
  std::map<std::string, std::vector<fs::path>> m_outputs;         ///< by step
  std::map<std::string, std::map<fs::path, FileState>> m_before;  ///< of steps that run
  std::deque<protocol::Message> m_pending;                        ///< what the caller has yet to be told
};

}  // namespace

std::unique_ptr<Channel> open_shared_channel(std::unique_ptr<Channel> inner, const RunPlace& place) {
  return std::make_unique<SharedChannel>(std::move(inner), place);
}

}  // namespace spillway::sandbox
