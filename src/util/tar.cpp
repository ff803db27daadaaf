#include "util/tar.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway {
namespace {

/// Longer than the longest path.
constexpr std::size_t k_max_name_bytes = 65536;
/// Of zeros, at the end.
constexpr int k_end_blocks = 2;
// Of a header, from the start of its block.
constexpr std::size_t k_block_bytes = 512;
constexpr std::size_t k_name_bytes = 100;
constexpr std::size_t k_mode_at = 100;
constexpr std::size_t k_user_at = 108;
constexpr std::size_t k_group_at = 116;
constexpr std::size_t k_size_at = 124;
constexpr std::size_t k_size_digits = 11;
constexpr std::size_t k_size_bytes = 12;
constexpr std::size_t k_time_at = 136;
constexpr std::size_t k_sum_at = 148;
constexpr std::size_t k_sum_bytes = 8;
constexpr std::size_t k_type_at = 156;
constexpr std::size_t k_magic_at = 257;
/// With the version.
constexpr std::string_view k_magic("ustar  \0", 8);
constexpr char k_file_type = '0';
constexpr char k_folder_type = '5';
constexpr char k_long_name_type = 'L';
constexpr unsigned k_byte_bits = 8;
constexpr unsigned k_file_mode = 0600;
constexpr unsigned k_folder_mode = 0700;
constexpr unsigned k_readable_mode = 0644;
constexpr unsigned k_program_mode = 0755;

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
  std::string bytes(k_size_bytes, '\0');
  bytes[0] = '\x80';
  for (std::size_t at = k_size_digits; size != 0; --at, size >>= k_byte_bits) bytes[at] = static_cast<char>(size);
  return bytes;
}

/// What size_field writes, or digits with spaces around them; nothing when it is neither, or no size of a file.
std::optional<std::uint64_t> size_of(std::string_view field) {
  constexpr int k_digit_bits = 3;
  if (field[0] == '\x80') {
    std::uint64_t size = 0;
    for (const char c : field.substr(1)) {
      if (size >> (std::numeric_limits<std::int64_t>::digits - k_byte_bits) != 0) return std::nullopt;
      size = size << k_byte_bits | static_cast<unsigned char>(c);
    }
    return size;
  }
  std::uint64_t size = 0;
  const std::string_view digits = trim(field.substr(0, field.find('\0')));
  if (digits.empty()) return std::nullopt;
  for (const char c : digits) {
    if (c < '0' || c > '7') return std::nullopt;
    size = size << k_digit_bits | static_cast<std::uint64_t>(c - '0');
  }
  return size;
}

std::uint64_t sum_of(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < header.size(); ++at) {
    const bool is_sum = at >= k_sum_at && at < k_sum_at + k_sum_bytes;
    sum += is_sum ? std::uint64_t{' '} : static_cast<unsigned char>(header[at]);
  }
  return sum;
}

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
  put(k_magic_at, k_magic);
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

TarReader::TarReader(const TarContent& announced, TarVisitor& visitor) : m_announced(announced), m_visitor(visitor) {}

void TarReader::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (m_left != 0) {
      const std::string_view content = bytes.substr(0, m_left);
      bytes.remove_prefix(content.size());
      m_left -= content.size();
      if (m_is_in_name) {
        m_long_name += content;
      } else {
        m_visitor.append(content);
      }
      if (m_left == 0) end_content();
    } else if (m_padding != 0) {
      const std::size_t skipped = std::min<std::uint64_t>(bytes.size(), m_padding);
      bytes.remove_prefix(skipped);
      m_padding -= skipped;
    } else if (m_end_blocks == k_end_blocks) {
      refuse("they go on after their end");
    } else {
      const std::string_view part = bytes.substr(0, k_block_bytes - m_header.size());
      bytes.remove_prefix(part.size());
      m_header += part;
      if (m_header.size() == k_block_bytes) take_header(std::exchange(m_header, {}));
    }
  }
}

void TarReader::finish() const {
  if (m_end_blocks != k_end_blocks) refuse("they are cut");
}

void TarReader::take_header(const std::string& header) {
  if (header.find_first_not_of('\0') == std::string::npos) return take_end_block();
  const auto field = [&header](std::size_t at, std::size_t size) {
    return std::string_view(header).substr(at, size);
  };
  if (m_end_blocks != 0 || field(k_magic_at, k_magic.size()) != k_magic ||
      size_of(field(k_sum_at, k_sum_bytes)) != sum_of(header)) {
    refuse("they are no tar stream of GNU's format");
  }
  const char type = header[k_type_at];
  const std::optional<std::uint64_t> size = size_of(field(k_size_at, k_size_bytes));
  if (type == k_long_name_type) return begin_name(size);
  std::string name = std::exchange(m_long_name, {});
  if (name.empty()) name = field(0, k_name_bytes);
  name.resize(std::min(name.size(), name.find('\0')));
  // The mark of a folder.
  if (type == k_folder_type && name.size() > 1 && name.ends_with('/')) name.pop_back();
  check_name(name);
  if (type != k_file_type && type != k_folder_type) {
    refuse(fmt::format("{} is neither a regular file nor a folder", in_quotes(name)));
  }
  if (m_names.size() == m_announced.entries) refuse(fmt::format("more than the {} announced", m_announced.entries));
  if (!m_names.insert(name).second) refuse(fmt::format("{} came twice", in_quotes(name)));
  if (!size) refuse(fmt::format("{} has no size", in_quotes(name)));
  if (type == k_file_type) return begin_file(name, *size);
  if (*size != 0) refuse(fmt::format("the folder {} has content", in_quotes(name)));
  m_visitor.folder(name);
}

void TarReader::take_end_block() {
  ++m_end_blocks;
  if (m_names.size() != m_announced.entries || m_bytes != m_announced.bytes) {
    refuse(fmt::format("{} entries of {} bytes were announced, {} of {} came", m_announced.entries, m_announced.bytes,
                       m_names.size(), m_bytes));
  }
}

void TarReader::begin_name(std::optional<std::uint64_t> size) {
  if (!size || *size == 0 || *size > k_max_name_bytes) {
    refuse(fmt::format("a name has more than {} bytes, or none", k_max_name_bytes));
  }
  m_long_name.clear();
  begin_content(*size, true);
}

void TarReader::begin_file(const std::string& name, std::uint64_t size) {
  if (size > m_announced.bytes - m_bytes) {
    refuse(fmt::format("{} has {} bytes, more than were announced", in_quotes(name), size));
  }
  m_bytes += size;
  m_visitor.begin_file(name, size);
  begin_content(size, false);
}

void TarReader::begin_content(std::uint64_t size, bool is_name) {
  m_is_in_name = is_name;
  m_left = size;
  m_padding = padding_of(size);
  if (m_left == 0) end_content();
}

void TarReader::end_content() {
  if (!m_is_in_name) m_visitor.end_file();
}

}  // namespace spillway
