#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "e2b/data_plane.hpp"
#include "e2b/process_event.hpp"

namespace spillway::e2b {

struct ProcessRequest {
  std::vector<std::string> arguments;  ///< the first is the program; no shell is in between
  std::map<std::string, std::string> environment = {};
  std::string folder = {};  ///< empty: the user's home
};

struct RunningProcess {
  std::uint32_t pid = 0;
  std::string program = {};
  std::vector<std::string> arguments = {};
};

enum class Signal { terminate, kill };

/// The processes of one sandbox. One thread at a time: a stream takes one of its own, with a client of its own.
/// Nothing is tried again. Throws ErrorCode::cancelled, and what a handler throws.
class ProcessRpc {
 public:
  using Handler = std::function<void(const ProcessEvent&)>;
  /// How often a stream that has nothing to tell says so, and how long it may be silent before it counts as cut.
  static constexpr std::chrono::seconds k_keep_alive{15};
  static constexpr std::chrono::seconds k_most_silence{40};

  ProcessRpc(const Settings& settings, const Sandbox& sandbox, const CancelToken& cancel)
      : m_plane(settings, sandbox, cancel) {}

  /// Starts a process with an open standard input and hands on what it tells, until its stream ends. Success: all of
  /// it came. Fault::interrupted with may_have_arrived: the stream was cut, the process may go on. A program that
  /// does not exist shows by its ProcessEnded.
  Answer<void> start(const ProcessRequest& request, const Handler& handler);
  /// The same of a process that runs already, from now on. Fault::no_such: it has ended.
  Answer<void> connect(std::uint32_t pid, const Handler& handler);

  /// Returns when the process's pipe has taken all of it: one at a time. What is interrupted may have arrived, in
  /// part too. Fault::no_such: the process has ended.
  /// Where a connection that was kept turns out to be dead it is sent once more by itself: what is sent has to be
  /// such that its receiver knows what it has already.
  Answer<void> send_input(std::uint32_t pid, std::string_view bytes);
  Answer<void> close_input(std::uint32_t pid);
  Answer<void> send_signal(std::uint32_t pid, Signal signal);
  Answer<std::vector<RunningProcess>> list();

  /// The files of the same sandbox, over the same connection.
  DataPlane& data_plane() { return m_plane; }

 private:
  Answer<void> stream(std::string_view what, const char* method, const std::string& message, const Handler& handler);
  Answer<http::Response> call(std::string_view what, const char* method, const std::string& message);

  DataPlane m_plane;
};

}  // namespace spillway::e2b
