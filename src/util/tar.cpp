#include "util/tar.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <exception>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway {
namespace {

constexpr std::size_t k_buffer_bytes = 65536;
constexpr unsigned k_file_mode = 0600;
constexpr unsigned k_folder_mode = 0700;

using Archive = std::unique_ptr<archive, int (*)(archive*)>;
using Entry = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

[[noreturn]] void refuse(const std::string& why) {
  fail(ErrorCode::protocol, fmt::format("refused the files that came: {}", why));
}

std::string in_quotes(const std::string& name) { return fmt::format("'{}'", to_valid_utf8(name)); }

void check_name(const std::string& name) {
  if (name.starts_with('/')) refuse(fmt::format("the name {} is absolute", in_quotes(name)));
  for (const std::string& part : split(name, '/')) {
    if (part.empty() || part == "." || part == "..") {
      refuse(fmt::format("the name {} has an empty part, '.' or '..'", in_quotes(name)));
    }
  }
}

/// What libarchive's callbacks share with read_tar; an exception does not pass through C.
struct Source {
  const std::function<std::string_view()>& next;
  std::exception_ptr failure = {};

  std::string_view read() {
    try {
      return next();
    } catch (...) {
      failure = std::current_exception();
      return {};
    }
  }
};

la_ssize_t read_source(archive*, void* data, const void** buffer) {
  auto* source = static_cast<Source*>(data);
  const std::string_view bytes = source->read();
  *buffer = bytes.data();
  return source->failure ? ARCHIVE_FATAL : static_cast<la_ssize_t>(bytes.size());
}

class TarReading {
 public:
  TarReading(const std::function<std::string_view()>& next, const TarContent& announced, TarVisitor& visitor)
      : m_source{next},
        m_announced(announced),
        m_visitor(visitor),
        m_archive(archive_read_new(), archive_read_free) {}

  void run() {
    archive_read_support_format_tar(m_archive.get());
    archive_read_support_filter_none(m_archive.get());
    check(archive_read_open(m_archive.get(), &m_source, nullptr, read_source, nullptr));
    archive_entry* entry = nullptr;
    for (;;) {
      const int status = archive_read_next_header(m_archive.get(), &entry);
      if (status == ARCHIVE_EOF) break;
      check(status);
      take(entry);
    }
    if (m_names.size() != m_announced.entries || m_bytes != m_announced.bytes) {
      refuse(fmt::format("{} entries of {} bytes were announced, {} of {} came", m_announced.entries,
                         m_announced.bytes, m_names.size(), m_bytes));
    }
    if (!m_source.read().empty()) refuse("they go on after their end");
    if (m_source.failure) std::rethrow_exception(m_source.failure);
  }

 private:
  void check(int status) {
    if (m_source.failure) std::rethrow_exception(m_source.failure);
    if (status == ARCHIVE_OK) return;
    const char* text = archive_error_string(m_archive.get());
    refuse(fmt::format("they are no tar stream: {}", text == nullptr ? "unknown reason" : to_valid_utf8(text)));
  }

  void take(archive_entry* entry) {
    const char* pathname = archive_entry_pathname(entry);
    std::string name = pathname == nullptr ? "" : pathname;
    const unsigned type = archive_entry_filetype(entry);
    // The mark of a folder, which libarchive adds and keeps.
    if (type == AE_IFDIR && name.size() > 1 && name.ends_with('/')) name.pop_back();
    check_name(name);
    const bool is_link = archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
    if (is_link || (type != AE_IFREG && type != AE_IFDIR) || archive_entry_sparse_count(entry) != 0) {
      refuse(fmt::format("{} is neither a regular file nor a folder", in_quotes(name)));
    }
    if (m_names.size() == m_announced.entries) refuse(fmt::format("more than the {} announced", m_announced.entries));
    if (!m_names.insert(name).second) refuse(fmt::format("{} came twice", in_quotes(name)));
    if (type == AE_IFDIR) return m_visitor.folder(name);
    if (archive_entry_size_is_set(entry) == 0) refuse(fmt::format("{} has no size", in_quotes(name)));
    take_file(name, archive_entry_size(entry));
  }

  void take_file(const std::string& name, std::int64_t size) {
    if (size < 0 || static_cast<std::uint64_t>(size) > m_announced.bytes - m_bytes) {
      refuse(fmt::format("{} has {} bytes, more than were announced", in_quotes(name), size));
    }
    m_bytes += static_cast<std::uint64_t>(size);
    m_visitor.begin_file(name, static_cast<std::uint64_t>(size));
    std::array<char, k_buffer_bytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is filled first
    std::int64_t count = 0;
    while ((count = archive_read_data(m_archive.get(), buffer.data(), buffer.size())) > 0) {
      m_visitor.append({buffer.data(), static_cast<std::size_t>(count)});
      size -= count;
    }
    if (count < 0) check(static_cast<int>(count));
    if (size != 0) refuse(fmt::format("{} is cut", in_quotes(name)));
    m_visitor.end_file();
  }

  Source m_source;
  TarContent m_announced;
  TarVisitor& m_visitor;
  Archive m_archive;
  std::set<std::string> m_names;
  std::uint64_t m_bytes = 0;
};

}  // namespace

TarWriter::TarWriter() : m_archive(archive_write_new(), archive_write_free) {
  archive_write_set_format_gnutar(m_archive.get());
  archive_write_set_bytes_per_block(m_archive.get(), 0);
  check(archive_write_open(m_archive.get(), &m_output, nullptr, write, nullptr));
}

TarWriter::~TarWriter() {
  // Freeing it ends the stream, and would fill up a file that was not ended.
  m_output.is_dropped = true;
}

std::ptrdiff_t TarWriter::write(archive*, void* output, const void* bytes, std::size_t size) {
  auto* to = static_cast<Output*>(output);
  if (to->is_dropped) return -1;
  to->bytes.append(static_cast<const char*>(bytes), size);
  return static_cast<std::ptrdiff_t>(size);
}

void TarWriter::add_folder(const std::string& name) { add_header(name, AE_IFDIR, 0); }

void TarWriter::begin_file(const std::string& name, std::uint64_t size) { add_header(name, AE_IFREG, size); }

void TarWriter::add_header(const std::string& name, unsigned type, std::uint64_t size) {
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), type == AE_IFDIR ? k_folder_mode : k_file_mode);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  check(archive_write_header(m_archive.get(), entry.get()));
}

void TarWriter::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const la_ssize_t count = archive_write_data(m_archive.get(), bytes.data(), bytes.size());
    if (count <= 0) check(ARCHIVE_FATAL);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void TarWriter::finish() { check(archive_write_close(m_archive.get())); }

std::string TarWriter::take() { return std::exchange(m_output.bytes, {}); }

void TarWriter::check(int status) const {
  if (status == ARCHIVE_OK) return;
  const char* text = archive_error_string(m_archive.get());
  fail(ErrorCode::internal, fmt::format("cannot make a tar stream: {}", text == nullptr ? "unknown reason" : text));
}

void read_tar(const std::function<std::string_view()>& next, const TarContent& announced, TarVisitor& visitor) {
  TarReading(next, announced, visitor).run();
}

}  // namespace spillway
