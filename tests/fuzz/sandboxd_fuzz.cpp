// What comes to sandboxd over the network, in requests of all kinds, and what an agent that somebody has taken over
// may say: reading either fails in no other way than by the errors that it is declared to throw.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "sandboxd/connect_codec.hpp"
#include "sandboxd/control_plane.hpp"
#include "sandboxd/files.hpp"
#include "sandboxd/sandbox.hpp"

namespace {

using namespace spillway::sandboxd;

template <typename Action>
void attempt(Action action) {
  try {
    action();
  } catch (const RpcError&) {
  } catch (const Refused&) {
  }
}

void read_message(const Json& message) {
  const MessageReader reader(message);
  for (const char* name : {"process", "pid", "input", "envs"}) {
    attempt([&] { reader.text(name, "snake"); });
    attempt([&] { reader.number(name); });
    attempt([&] { reader.boolean(name); });
    attempt([&] { reader.bytes(name); });
    attempt([&] { reader.texts(name); });
    attempt([&] { reader.map(name); });
    attempt([&] { reader.message(name).message("process").text("cmd"); });
  }
}

/// The agent says this and is gone. What does not begin with a whole message is not worth a sandbox.
void hear_agent(std::string_view bytes) {
  std::uint32_t length = 0;
  if (bytes.size() < sizeof length) return;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > bytes.size() - sizeof length) return;
  auto [here, there] = make_socket_pair();
  Sandbox sandbox({}, std::move(here), 1 << 20, 0, [] {});
  if (::send(there.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
  there.reset();
  while (!sandbox.is_gone()) ::usleep(10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  attempt([&] { read_message(parse_enveloped(bytes)); });
  attempt([&] { read_message(parse_message(bytes)); });
  attempt([&] { parse_timeout(bytes); });
  attempt([&] { parse_metadata_filter(bytes); });
  if (const auto part = parse_range(bytes, 1000); part && part->first + part->second > 1000) std::abort();
  hear_agent(bytes);
  return 0;
}
