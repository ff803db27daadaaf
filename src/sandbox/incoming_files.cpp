#include "sandbox/incoming_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "pipeline/component.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/strings.hpp"
#include "worker/access.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;

/// A file beside its place.
struct IncomingFiles::Output {
  Output(const fs::path& target, const std::string& tag) : folders(target.parent_path()), file(target, tag) {}

  MissingFolders folders;  ///< goes last: it takes away the folder that the file was in
  AtomicFile file;
};

namespace {

std::string shown(const fs::path& path, const fs::path& base_dir) {
  const fs::path relative = path.lexically_relative(base_dir);
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

}  // namespace

/// One stream.
class IncomingFiles::Stream : private TarVisitor {
 public:
  Stream(IncomingFiles& files, const protocol::FilesStart& start)
      : m_files(files), m_step_id(start.step_id), m_receiver(start, *this) {}

  const std::string& step_id() const { return m_step_id; }
  void receive(std::string_view bytes) { m_receiver.append(bytes); }

  /// Artifacts take their places; outputs are the caller's from here on.
  std::vector<std::unique_ptr<Output>> finish(const protocol::FilesEnd& end) {
    m_receiver.finish(end);
    attempt([this] {
      for (const auto& artifact : m_artifacts) artifact->file.publish(Durability::process);
    });
    for (const auto& artifact : m_artifacts) artifact->folders.keep();
    return std::move(m_outputs);
  }
  std::optional<Error>& failure() { return m_failure; }

 private:
  void folder(const std::string& name) override { refuse(name); }

  void begin_file(const std::string& name, std::uint64_t size) override {
    const fs::path path = "/" + name;
    const bool is_output = is_named_output(path);
    if (!is_output && !is_artifact(path)) refuse(name);
    attempt([&] {
      if (size > m_files.m_max_file_bytes) {
        fail(ErrorCode::disk_full,
             fmt::format("cannot write '{}': it has {}, and {} are allowed", shown(path, m_files.m_base_dir),
                         human_bytes(size), human_bytes(m_files.m_max_file_bytes)),
             "raise --sandbox-file-size");
      }
      open(path, is_output ? m_outputs : m_artifacts);
    });
  }

  void append(std::string_view bytes) override {
    attempt([&] { write_all(m_file.get(), bytes, m_shown); });
  }

  void end_file() override { m_file.reset(); }

  /// What cannot be written here fails the step; the stream is read to its end all the same.
  template <typename Action>
  void attempt(Action action) {
    if (m_failure) return;
    try {
      action();
    } catch (...) {
      m_failure = current_error();
    }
  }

  void open(const fs::path& path, std::vector<std::unique_ptr<Output>>& list) {
    const std::string tag = m_files.m_session_id + (m_step_id.empty() ? "" : "-" + m_step_id);
    Output& output = *list.emplace_back(std::make_unique<Output>(path, tag));
    m_shown = shown(path, m_files.m_base_dir);
    output.folders.make();
    m_file = Fd(::open(output.file.temp_path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!m_file) fail(os_error(errno, fmt::format("cannot write '{}'", m_shown)));
  }

  bool is_named_output(const fs::path& path) const {
    const auto step = m_files.m_steps.find(m_step_id);
    return step != m_files.m_steps.end() && std::ranges::find(step->second.named, path) != step->second.named.end();
  }

  /// A file of a step's own folder: of the stream's step, or of any when it is of none.
  bool is_artifact(const fs::path& path) const {
    const fs::path folder = path.parent_path();
    const std::string step_id = folder.filename().string();
    return folder.parent_path() == m_files.m_artifacts && m_files.m_steps.contains(step_id) &&
           (m_step_id.empty() || step_id == m_step_id) && !path.filename().string().starts_with('.');
  }

  [[noreturn]] static void refuse(const std::string& name) {
    fail(ErrorCode::protocol, fmt::format("refused the files that came: '{}' is neither an output nor an artifact of "
                                          "the step",
                                          to_valid_utf8(name)));
  }

  IncomingFiles& m_files;
  std::string m_step_id;
  std::vector<std::unique_ptr<Output>> m_artifacts;
  std::vector<std::unique_ptr<Output>> m_outputs;
  std::optional<Error> m_failure;
  std::string m_shown;
  Fd m_file;
  protocol::FileReceiver m_receiver;
};

IncomingFiles::IncomingFiles(const RunPlace& place, std::uint64_t max_file_bytes)
    : m_artifacts(place.run_dir / "artifacts"),
      m_base_dir(place.base_dir),
      m_session_id(place.session_id),
      m_max_file_bytes(max_file_bytes) {
  for (worker::NamedFiles& files :
       worker::named_files(place.manifest, {place.session_id, place.run_dir, place.base_dir},
                           pipeline::ComponentCatalog::built_in())) {
    m_steps[files.step_id].named = std::move(files.write);
  }
}

IncomingFiles::~IncomingFiles() = default;

void IncomingFiles::start(const protocol::FilesStart& start) {
  if (m_stream) fail(ErrorCode::protocol, "a stream of files began within another");
  if (!start.step_id.empty() && !m_steps.contains(start.step_id)) {
    fail(ErrorCode::protocol, fmt::format("files came of '{}', which is no step of this run", start.step_id));
  }
  m_stream = std::make_unique<Stream>(*this, start);
}

void IncomingFiles::append(std::string_view bytes) {
  if (!m_stream) fail(ErrorCode::protocol, "bytes came that belong to no stream of files");
  m_stream->receive(bytes);
}

void IncomingFiles::end(const protocol::FilesEnd& end) {
  if (!m_stream) fail(ErrorCode::protocol, "the end came of a stream of files that had not begun");
  const std::unique_ptr<Stream> stream = std::move(m_stream);
  if (end.sha256.empty()) return;
  std::vector<std::unique_ptr<Output>> outputs = stream->finish(end);
  if (stream->step_id().empty()) {
    if (stream->failure()) fail(std::move(*stream->failure()));
    return;
  }
  Step& step = m_steps.at(stream->step_id());
  step.staged = std::move(outputs);
  step.failure = std::move(stream->failure());
}

void IncomingFiles::publish(const std::string& step_id) {
  const auto found = m_steps.find(step_id);
  if (found == m_steps.end()) return;
  Step& step = found->second;
  const std::vector<std::unique_ptr<Output>> staged = std::exchange(step.staged, {});
  if (step.failure) fail(*std::exchange(step.failure, std::nullopt));
  for (const fs::path& path : step.named) {
    const bool came = std::ranges::any_of(staged, [&](const auto& output) { return output->file.path() == path; });
    if (!came) {
      fail(ErrorCode::sandbox,
           fmt::format("the worker says that it wrote '{}', but did not send it", shown(path, m_base_dir)));
    }
  }
  for (const auto& output : staged) {
    output->file.publish(Durability::machine);
    output->folders.keep();
  }
}

void IncomingFiles::discard(const std::string& step_id) {
  const auto found = m_steps.find(step_id);
  if (found != m_steps.end()) found->second.staged.clear();
}

}  // namespace spillway::sandbox
