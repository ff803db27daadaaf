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
// Of a header, from the start of its block.
constexpr std::size_t k_block_bytes = 512;
constexpr std::size_t k_name_bytes = 100;
constexpr std::size_t k_mode_at = 100;
constexpr std::size_t k_user_at = 108;
constexpr std::size_t k_group_at = 116;
constexpr std::size_t k_size_at = 124;
constexpr std::size_t k_size_digits = 11;
constexpr std::size_t k_time_at = 136;
constexpr std::size_t k_sum_at = 148;
constexpr std::size_t k_type_at = 156;
constexpr std::size_t k_magic_at = 257;
constexpr char k_file_type = '0';
constexpr char k_folder_type = '5';
constexpr char k_long_name_type = 'L';
constexpr unsigned k_byte_bits = 8;
constexpr unsigned k_file_mode = 0600;
constexpr unsigned k_folder_mode = 0700;
constexpr unsigned k_readable_mode = 0644;
constexpr unsigned k_program_mode = 0755;

using Archive = std::unique_ptr<archive, int (*)(archive*)>;

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

std::size_t padding_of(std::uint64_t size) { return (k_block_bytes - size % k_block_bytes) % k_block_bytes; }

/// In octal digits; what has more of them, above 8 GB, as the bytes of the number, which a first byte of 0x80 tells.
std::string size_field(std::uint64_t size) {
  std::string digits = fmt::format("{:011o}", size);
  if (digits.size() == k_size_digits) return digits;
  std::string bytes(k_size_digits + 1, '\0');
  bytes[0] = '\x80';
  for (std::size_t at = k_size_digits; size != 0; --at, size >>= k_byte_bits) bytes[at] = static_cast<char>(size);
  return bytes;
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

void TarWriter::add_folder(const std::string& name) {
  end_file();
  add_header(name + "/", k_folder_type, k_folder_mode, 0);
}

void TarWriter::begin_file(const std::string& name, std::uint64_t size, TarPermission permission) {
  const unsigned mode = permission == TarPermission::owner      ? k_file_mode
                        : permission == TarPermission::readable ? k_readable_mode
                                                                : k_program_mode;
  end_file();
  add_header(name, k_file_type, mode, size);
  m_missing = size;
  m_padding = padding_of(size);
}

void TarWriter::add_header(const std::string& name, char type, unsigned mode, std::uint64_t size) {
  if (name.size() > k_name_bytes) {
    // GNU's way: the name is the content of an entry before it.
    add_header("././@LongLink", k_long_name_type, 0, name.size() + 1);
    m_bytes.append(name).append(1 + padding_of(name.size() + 1), '\0');
  }
  std::string header(k_block_bytes, '\0');
  const auto put = [&header](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  put(0, std::string_view(name).substr(0, k_name_bytes));
  put(k_mode_at, fmt::format("{:07o}", mode));
  put(k_user_at, "0000000");
  put(k_group_at, "0000000");
  put(k_size_at, size_field(size));
  put(k_time_at, "00000000000");
  put(k_sum_at, "        ");
  header[k_type_at] = type;
  put(k_magic_at, "ustar  ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(k_sum_at, fmt::format("{:06o}", sum));
  header[k_sum_at + 6] = '\0';
  m_bytes += header;
}

void TarWriter::append(std::string_view bytes) {
  if (bytes.size() > m_missing) fail(ErrorCode::internal, "cannot make a tar stream: a file is longer than its size");
  m_missing -= bytes.size();
  m_bytes.append(bytes);
}

void TarWriter::end_file() {
  m_bytes.append(m_missing + m_padding, '\0');
  m_missing = m_padding = 0;
}

void TarWriter::finish() {
  end_file();
  m_bytes.append(2 * k_block_bytes, '\0');
}

void read_tar(const std::function<std::string_view()>& next, const TarContent& announced, TarVisitor& visitor) {
  TarReading(next, announced, visitor).run();
}

}  // namespace spillway
