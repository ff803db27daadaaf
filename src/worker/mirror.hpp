#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/file_receiver.hpp"
#include "protocol/messages.hpp"
#include "protocol/sink.hpp"
#include "util/cancel.hpp"
#include "util/disposable_folder.hpp"
#include "util/error.hpp"

namespace spillway::worker {

/// The host's files on a machine that does not have them (docs/protocol.md, "Files"): a folder of the worker's own,
/// in which each file is at the path that it has on the host. It goes with this object and with the process.
class Mirror {
 public:
  /// To be made while the process has one thread.
  explicit Mirror(const protocol::FilesStart& start);
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;
  ~Mirror();

  const std::filesystem::path& root() const { return m_folder.path(); }

  /// Takes in the stream that was announced.
  void append(std::string_view bytes);
  /// The same with the bytes of a file, which is removed.
  void append(const protocol::FilesAt& at);
  void finish(const protocol::FilesEnd& end);
  bool is_receiving() const { return m_receiver != nullptr; }
  const protocol::FilesStart& announced() const { return m_announced; }
  /// Why the host could not send an input of this step.
  std::optional<Error> unreadable_input(const std::string& step_id) const;

  /// Sends the host what `folder` holds and was not sent before, and of `outputs` what exists: all below root(). One
  /// stream at a time. Throws when a file cannot be read or the step was cancelled; the host then forgets the stream.
  void send(const std::string& step_id, const std::filesystem::path& folder,
            const std::vector<std::filesystem::path>& outputs, protocol::Sink& sink, const CancelToken& cancel);

 private:
  class Store;

  template <typename Action>
  void receive(Action action);
  void append_file(const protocol::FilesAt& at);
  bool is_wanted(const std::filesystem::path& path, protocol::Sink& sink);

  DisposableFolder m_folder;
  protocol::FilesStart m_announced;
  std::unique_ptr<Store> m_store;
  std::unique_ptr<protocol::FileReceiver> m_receiver;  ///< while the stream comes
  std::mutex m_mutex;                                  ///< guards the stream to the host
  std::set<std::filesystem::path> m_sent;              ///< artifacts; guarded too
};

}  // namespace spillway::worker
