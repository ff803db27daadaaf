// The stream of a process from a sandbox's host, in pieces: reading it ends by its end, by more being wanted, or by a
// refusal, and the pieces do not matter.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "e2b/connect_stream.hpp"
#include "e2b/process_event.hpp"
#include "util/error.hpp"

namespace {

std::vector<std::string> payloads_of(std::string_view bytes, std::size_t piece) {
  spillway::e2b::EnvelopeReader reader;
  std::vector<std::string> payloads;
  try {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      reader.append(bytes.substr(0, piece));
      while (auto envelope = reader.next()) payloads.push_back(std::move(envelope->payload));
    }
  } catch (const spillway::Exception&) {
    payloads.emplace_back("refused");
  }
  return payloads;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> payloads = payloads_of(bytes, bytes.size() + 1);
  const std::vector<std::string> by_bytes = payloads_of(bytes, 1);
  // What goes on after its end is refused at once or when it comes; what came before is the same.
  for (std::size_t i = 0; i < std::min(payloads.size(), by_bytes.size()); ++i) {
    if (payloads[i] != by_bytes[i] && payloads[i] != "refused") std::abort();
  }
  for (const std::string& payload : payloads) {
    try {
      spillway::e2b::decode_process_event(payload);
      spillway::e2b::decode_stream_end("cannot", payload);
    } catch (const spillway::Exception&) {
    }
  }
  return 0;
}
