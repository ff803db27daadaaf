#include "worker/mirror.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "protocol/codec.hpp"
#include "protocol/file_stream.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"

namespace spillway::worker {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_read_bytes = std::size_t{256} * 1024;
constexpr auto k_frame_name = "output.parquet";

}  // namespace

/// Puts what comes below the root. Nothing but these files and folders is there, so no name leads out of it.
class Mirror::Store : public TarVisitor {
 public:
  explicit Store(fs::path root) : m_root(std::move(root)) {}

  void folder(const std::string& name) override { spillway::create_directories(m_root / name); }
  void begin_file(const std::string& name, std::uint64_t) override {
    m_path = m_root / name;
    spillway::create_directories(m_path.parent_path());
    m_file = Fd(::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!m_file) fail(os_error(errno, fmt::format("cannot write '{}'", m_path.string())));
  }
  void append(std::string_view bytes) override { write_all(m_file.get(), bytes, m_path); }
  void end_file() override { m_file.reset(); }

 private:
  fs::path m_root;
  fs::path m_path;
  Fd m_file;
};

Mirror::Mirror(const protocol::FilesStart& start)
    : m_announced(start),
      m_store(std::make_unique<Store>(root())),
      m_receiver(std::make_unique<protocol::FileReceiver>(start, *m_store)) {}

Mirror::~Mirror() = default;

void Mirror::append(std::string_view bytes) {
  receive([&] { m_receiver->append(bytes); });
}

void Mirror::append(const protocol::FilesAt& at) {
  receive([&] { append_file(at); });
}

template <typename Action>
void Mirror::receive(Action action) {
  // After an error, which was answered, what is still on its way is of no use.
  if (!m_receiver) return;
  try {
    action();
  } catch (...) {
    m_receiver.reset();
    Error error = current_error();
    // The paths in it are the host's, whose disk it is not.
    if (error.code == ErrorCode::disk_full) {
      error.message = fmt::format("the disk is full where the worker runs: {}", error.message);
      error.hint = "give the sandbox more disk, or the steps smaller inputs";
    }
    fail(std::move(error));
  }
}

void Mirror::append_file(const protocol::FilesAt& at) {
  const Fd file(::open(at.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!file) fail(os_error(errno, fmt::format("cannot read '{}'", at.path)));
  std::error_code ignored;
  fs::remove(at.path, ignored);
  std::string buffer(k_read_bytes, '\0');
  std::uint64_t left = at.bytes;
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(os_error(errno, fmt::format("cannot read '{}'", at.path)));
    if (count == 0 && left == 0) return;
    if (count == 0 || static_cast<std::uint64_t>(count) > left) {
      fail(ErrorCode::protocol,
           fmt::format("'{}' does not have the {} bytes that were announced", at.path, at.bytes));
    }
    left -= static_cast<std::uint64_t>(count);
    m_receiver->append(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)));
  }
}

void Mirror::finish(const protocol::FilesEnd& end) {
  if (!m_receiver) fail(ErrorCode::protocol, "there is no stream of files to end");
  m_receiver->finish(end);
  m_receiver.reset();
}

std::optional<Error> Mirror::unreadable_input(const std::string& step_id) const {
  const auto fields = m_announced.unreadable.find(step_id);
  if (fields == m_announced.unreadable.end() || !fields->is_object()) return std::nullopt;
  return protocol::error_from_fields(*fields);
}

namespace {

/// Regular files that have their final name.
std::vector<fs::path> complete_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code status;
  for (fs::recursive_directory_iterator entry(folder, status), end; !status && entry != end;
       entry.increment(status)) {
    const bool is_temporary = entry->path().filename().string().starts_with('.');
    std::error_code ignored;
    if (!is_temporary && entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  return files;
}

}  // namespace

/// Whether the host wants an artifact; of one that is too large it is told once.
bool Mirror::is_wanted(const fs::path& path, protocol::Sink& sink) {
  if (!m_announced.wants_frames && path.filename() == k_frame_name) return false;
  std::error_code status;
  const std::uint64_t size = fs::file_size(path, status);
  if (status || size <= m_announced.most_artifact_bytes) return true;
  const std::string step_id = path.parent_path().filename().string();
  sink.event("artifact_kept", {{"step_id", step_id},
                               {"path", fmt::format("artifacts/{}/{}", step_id, path.filename().string())},
                               {"size_bytes", size},
                               {"limit_bytes", m_announced.most_artifact_bytes}});
  m_sent.insert(path);
  return false;
}

void Mirror::send(const std::string& step_id, const fs::path& folder, const std::vector<fs::path>& outputs,
                  protocol::Sink& sink, const CancelToken& cancel) {
  const std::scoped_lock lock(m_mutex);
  std::vector<protocol::SentEntry> entries;
  const auto add = [&](const fs::path& path) {
    std::error_code status;
    const std::uint64_t size = fs::file_size(path, status);
    if (!status) entries.push_back({path.lexically_relative(root()).string(), false, path, size});
    return !status;
  };
  std::vector<fs::path> artifacts;
  for (const fs::path& path : complete_files(folder)) {
    if (!m_sent.contains(path) && is_wanted(path, sink) && add(path)) artifacts.push_back(path);
  }
  for (const fs::path& path : outputs) add(path);
  if (entries.empty()) return;

  protocol::FileStream stream(std::move(entries));
  protocol::FilesStart start = stream.start();
  start.step_id = step_id;
  sink.emit(std::move(start));
  try {
    while (auto piece = stream.next()) {
      if (cancel.is_cancelled()) fail(ErrorCode::cancelled, "cancelled");
      std::visit([&](auto& part) { sink.emit(std::move(part)); }, *piece);
    }
  } catch (...) {
    sink.emit(protocol::FilesEnd{});
    throw;
  }
  m_sent.insert(artifacts.begin(), artifacts.end());
}

}  // namespace spillway::worker
