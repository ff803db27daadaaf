#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The Connect protocol's framing of streams: one byte of flags, four of length (big endian), then so many bytes.
namespace spillway::e2b {

/// A longer one is refused, so that no server makes us buffer without bound. The daemon sends output in pieces of 32
/// KiB.
inline constexpr std::size_t k_max_envelope_bytes = std::size_t{16} * 1024 * 1024;

struct Envelope {
  bool is_end = false;  ///< the last of a stream: {} or {"error": …}
  std::string payload;
};

/// The bytes of an envelope.
std::string envelope_of(std::string_view payload);

/// Takes bytes as they come and gives envelopes. Throws ErrorCode::protocol for one that is too long, is compressed
/// (nobody asked for it) or has flags that nobody knows, and for what comes after the last.
class EnvelopeReader {
 public:
  void append(std::string_view bytes);
  /// The next one; nothing when more bytes have to come.
  std::optional<Envelope> next();
  /// Whether the last of the stream has been taken: without it the stream was cut.
  bool has_ended() const { return m_has_ended; }

 private:
  std::string m_buffer;
  std::size_t m_start = 0;  ///< of the unread part of the buffer
  bool m_has_ended = false;
};

}  // namespace spillway::e2b
