#include "e2b/connect_stream.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::e2b {
namespace {

constexpr std::size_t k_header_bytes = 5;
constexpr unsigned k_compressed = 0x01;
constexpr unsigned k_end = 0x02;
constexpr unsigned k_byte_bits = 8;

[[noreturn]] void refuse_stream(const std::string& why) {
  fail(ErrorCode::protocol, fmt::format("the sandbox's stream is broken: {}", why));
}

}  // namespace

std::string envelope_of(std::string_view payload) {
  std::string bytes(1, '\0');
  for (unsigned byte = k_header_bytes - 1; byte-- > 0;) {
    bytes += static_cast<char>(payload.size() >> (byte * k_byte_bits));
  }
  return bytes.append(payload);
}

void EnvelopeReader::append(std::string_view bytes) {
  if (m_has_ended && !bytes.empty()) refuse_stream("it goes on after its end");
  m_buffer.append(bytes);
}

std::optional<Envelope> EnvelopeReader::next() {
  const std::string_view unread = std::string_view(m_buffer).substr(m_start);
  if (unread.size() < k_header_bytes) return std::nullopt;
  const auto byte = [unread](std::size_t at) { return static_cast<unsigned char>(unread[at]); };
  const unsigned flags = byte(0);
  if ((flags & k_compressed) != 0) refuse_stream("a part is compressed");
  if ((flags & ~k_end) != 0) refuse_stream(fmt::format("a part has the flags {:#04x}", flags));
  std::size_t size = 0;
  for (std::size_t at = 1; at < k_header_bytes; ++at) size = size << k_byte_bits | byte(at);
  if (size > k_max_envelope_bytes) refuse_stream(fmt::format("a part is {} long", human_bytes(size)));
  if (unread.size() - k_header_bytes < size) {
    m_buffer.erase(0, m_start);
    m_start = 0;
    return std::nullopt;
  }
  Envelope envelope{(flags & k_end) != 0, std::string(unread.substr(k_header_bytes, size))};
  m_start += k_header_bytes + size;
  m_has_ended = envelope.is_end;
  if (m_has_ended && m_start < m_buffer.size()) refuse_stream("it goes on after its end");
  if (m_start == m_buffer.size()) {
    m_buffer.clear();
    m_start = 0;
  }
  return envelope;
}

}  // namespace spillway::e2b
