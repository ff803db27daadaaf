#include "sandbox/outgoing_files.hpp"

#include <unistd.h>

#include <set>
#include <system_error>
#include <utility>

#include "drivers/file/input_files.hpp"
#include "pipeline/component.hpp"
#include "protocol/codec.hpp"
#include "util/error.hpp"
#include "worker/access.hpp"

namespace spillway::sandbox {
namespace fs = std::filesystem;
namespace {

/// The entries so far, each name once.
class EntryList {
 public:
  void add_folder(const fs::path& path) { add({sent_name(path), true}); }
  void add_file(const fs::path& path) {
    std::error_code status;
    const std::uintmax_t size = fs::file_size(path, status);
    if (!status) add({sent_name(path), false, path, size});
  }
  /// Its name counts, not what is in it.
  void add_empty_file(const fs::path& path) { add({sent_name(path)}); }
  std::vector<protocol::SentEntry> take() { return std::move(m_entries); }

 private:
  void add(protocol::SentEntry entry) {
    if (!entry.name.empty() && m_names.insert(entry.name).second) m_entries.push_back(std::move(entry));
  }

  std::vector<protocol::SentEntry> m_entries;
  std::set<std::string> m_names;
};

/// Why a file that is there cannot be read: with the error that its step would meet here.
std::optional<Error> why_unreadable(const RunPlace& place, const fs::path& path) {
  const fs::path relative = path.lexically_relative(place.base_dir);
  const bool is_below = !relative.empty() && *relative.begin() != "..";
  try {
    drivers::file::check_readable({path, is_below ? relative.string() : path.string()}, "");
  } catch (const Exception& exception) {
    // One that is missing there fails by itself.
    if (exception.error().code != ErrorCode::file_not_found) return exception.error();
  }
  return std::nullopt;
}

void add_sent_input(const RunPlace& place, const std::string& step_id, const fs::path& path, EntryList& entries,
                    protocol::Json& unreadable) {
  std::error_code status;
  const fs::file_type type = fs::status(path, status).type();
  if (type == fs::file_type::directory) {
    entries.add_folder(path);
  } else if (type == fs::file_type::regular && ::access(path.c_str(), R_OK) == 0) {
    entries.add_file(path);
  } else if (std::optional<Error> error = why_unreadable(place, path); error && !unreadable.contains(step_id)) {
    unreadable[step_id] = protocol::error_fields(*error);
  }
}

/// An output cannot take the place of a folder, nor lie below a file: the worker meets the same there.
void add_obstacles(const fs::path& output, EntryList& entries) {
  std::error_code status;
  if (fs::is_directory(output, status)) return entries.add_folder(output);
  fs::path above = output.parent_path();
  while (above.has_relative_path() && !fs::exists(above, status)) above = above.parent_path();
  if (!fs::is_directory(above, status)) entries.add_empty_file(above);
}

}  // namespace

OutgoingFiles outgoing_files(const RunPlace& place) {
  EntryList entries;
  OutgoingFiles outgoing;
  entries.add_folder(place.base_dir);
  std::set<fs::path> configs;  // in an order that does not depend on the file system
  std::error_code ignored;
  for (const fs::directory_entry& config : fs::directory_iterator(place.run_dir / "cfg", ignored)) {
    configs.insert(config.path());
  }
  for (const fs::path& config : configs) entries.add_file(config);
  const std::vector<worker::NamedFiles> named = worker::named_files(
      place.manifest, {place.session_id, place.run_dir, place.base_dir}, pipeline::ComponentCatalog::built_in());
  for (const worker::NamedFiles& files : named) {
    for (const fs::path& path : files.read) add_sent_input(place, files.step_id, path, entries, outgoing.unreadable);
  }
  for (const worker::NamedFiles& files : named) {
    for (const fs::path& path : files.write) add_obstacles(path, entries);
  }
  outgoing.entries = entries.take();
  return outgoing;
}

std::string sent_name(const fs::path& path) {
  std::string name = path.relative_path().string();
  while (name.ends_with('/')) name.pop_back();
  return name;
}

}  // namespace spillway::sandbox
