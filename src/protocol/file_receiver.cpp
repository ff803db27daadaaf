#include "protocol/file_receiver.hpp"

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::protocol {
namespace {

constexpr std::uint64_t k_max_entries = 1'000'000;

}  // namespace

FileReceiver::FileReceiver(const FilesStart& start, TarVisitor& visitor)
    : m_reader({start.entries, start.bytes}, visitor) {
  if (start.entries <= k_max_entries) return;
  fail(ErrorCode::protocol,
       fmt::format("refused the files that came: {} entries, the limit is {}", start.entries, k_max_entries));
}

void FileReceiver::append(std::string_view bytes) {
  m_hash.append(bytes);
  m_reader.append(bytes);
}

void FileReceiver::finish(const FilesEnd& end) {
  m_reader.finish();
  const std::string hash = m_hash.hex();
  if (hash == end.sha256) return;
  fail(
      ErrorCode::protocol,
      fmt::format("refused the files that came: their SHA-256 is {}, not {} as their sender says", hash, end.sha256));
}

}  // namespace spillway::protocol
