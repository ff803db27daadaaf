// A stream of numbered lines that is cut wherever the input says, with whatever the input says in between: each line
// is taken once and in order, or an error is told.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/numbered_lines.hpp"

namespace {

namespace protocol = spillway::protocol;

/// Lines whose texts are of the fuzzer's choice.
protocol::SentLines sent_lines(std::string_view bytes) {
  protocol::SentLines sent;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    std::string text;
    for (const char byte : bytes.substr(at, 16)) {
      if (byte == '"' || byte == '\\') text += '\\';
      text += byte >= ' ' && byte <= '~' ? byte : '?';
    }
    sent.add(R"({"type":"event","name":")" + text + "\"}");
  }
  return sent;
}

/// Cut at one place, taken up again at a later one, then resumed: every line has come.
void cut_and_resume(const protocol::SentLines& sent, std::size_t end, std::size_t begin) {
  std::string all;
  for (std::uint64_t seq = 1; seq <= sent.last(); ++seq) all += sent.at(seq);
  protocol::IncomingLines incoming;
  std::uint64_t taken = 0;
  const auto take = [&](std::string_view bytes) {
    incoming.append(bytes);
    while (const auto line = incoming.next()) {
      if (!*line || **line + "\n" != sent.at(++taken)) std::abort();
    }
  };
  end %= all.size() + 1;
  take(std::string_view(all).substr(0, end));
  incoming.cut();
  take(std::string_view(all).substr(end + begin % (all.size() - end + 1)));
  take("\n");
  for (std::uint64_t seq = incoming.last() + 1; seq <= sent.last(); ++seq) take(sent.at(seq));
  if (taken != sent.last()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto numbers = protocol::line_numbers(bytes); numbers && !bytes.starts_with('{')) {
    if (bytes.find('{') == std::string_view::npos) std::abort();
  }
  protocol::IncomingLines incoming;
  incoming.append(bytes);
  std::uint64_t taken = 0;
  while (const auto line = incoming.next()) {
    if (*line) ++taken;
    if (taken % 3 == 2) incoming.cut();
  }
  if (taken != incoming.last()) std::abort();
  if (size >= 2 && size < 512) cut_and_resume(sent_lines(bytes.substr(2)), data[0], data[1]);
  return 0;
}
