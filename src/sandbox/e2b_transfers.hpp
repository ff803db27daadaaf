#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "e2b/data_plane.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway::sandbox {

/// What the threads of one conversation with a sandbox share: they tell each other of every change.
struct Monitor {
  std::mutex mutex;
  std::condition_variable changed;
};

/// Whether a stream that sends so many bytes a second gets further when it packs them first: a packer that makes
/// `ratio` of each byte takes in so many a second.
bool pays_to_pack(double sent_a_second, double packed_a_second, double ratio);

/// A file of the sandbox on its way here, in order and from bounded memory. Its members are used under the monitor's
/// lock.
struct Download {
  std::string path;
  std::uint64_t bytes = 0;
  std::deque<std::string> pieces = {};  ///< that have come and were not taken
  std::uint64_t waiting_bytes = 0;      ///< of these
  std::uint64_t left_bytes = 0;         ///< that were not taken, come or not
};

/// Moves files between this machine and a sandbox, several at a time, over connections of its own. What fails for
/// good is told once, to `fail`. The threads are those of this object; its members are called by the conversation.
class Transfers {
 public:
  /// `fail` is called from a thread of this object's own.
  Transfers(const e2b::Settings& settings, Monitor& monitor, const CancelToken& cancel,
            std::function<void(Error)> fail);
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;
  /// Waits for what is under way: `cancel` ends it.
  ~Transfers();

  /// Where what waits goes. Once.
  void start(const e2b::Sandbox& sandbox);
  /// What is packed goes as it is; of other bytes the first show whether packing pays.
  enum class Content { plain, packed };
  /// `done` is called under the monitor's lock.
  void upload(std::string path, std::string bytes, Content content, std::function<void()> done);
  std::shared_ptr<Download> download(std::string path, std::uint64_t bytes);

  /// Whether another upload is to be made ready: what waits is in memory. Under the monitor's lock.
  bool has_room() const { return m_uploading_bytes < k_most_uploading_bytes; }

 private:
  static constexpr std::uint64_t k_most_uploading_bytes = std::uint64_t{96} * 1024 * 1024;

  struct Upload {
    std::string path;
    std::string bytes;
    Content content = Content::plain;
    std::function<void()> done;
  };

  void work(const e2b::Sandbox& sandbox);
  void run(Upload& upload, bool packs, e2b::DataPlane& plane);
  void run(Download& download, e2b::DataPlane& plane);
  void measure(std::string_view bytes, std::chrono::duration<double> time);
  bool may_upload() const;
  static void check(e2b::Answer<void> answer);

  const e2b::Settings& m_settings;
  Monitor& m_monitor;
  const CancelToken& m_cancel;
  std::function<void(Error)> m_fail;

  // Under the monitor's lock.
  std::deque<Upload> m_uploads;
  std::deque<std::shared_ptr<Download>> m_downloads;
  std::uint64_t m_uploading_bytes = 0;
  std::size_t m_running_uploads = 0;
  bool m_is_measuring = false;
  bool m_is_measured = false;  ///< the first upload has shown how fast the wire is
  bool m_packs = false;
  bool m_has_ended = false;

  std::vector<std::thread> m_threads;
};

}  // namespace spillway::sandbox
