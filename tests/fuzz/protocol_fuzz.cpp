// Lines from the other end of a channel: decoding never fails in any other way than by its Result, and what was
// decoded encodes and decodes to the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "protocol/codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace protocol = spillway::protocol;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto command = protocol::decode_command(line)) {
    const std::string encoded = protocol::encode(*command);
    const auto again = protocol::decode_command(encoded);
    if (!again || protocol::encode(*again) != encoded) std::abort();
  }
  if (const auto message = protocol::decode_message(line)) {
    const std::string encoded = protocol::encode(*message);
    const auto again = protocol::decode_message(encoded);
    if (!again || protocol::encode(*again) != encoded) std::abort();
  }
  return 0;
}
