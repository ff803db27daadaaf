#include "e2b/process_event.hpp"

#include <utility>

#include <fmt/format.h>

#include "e2b/json_text.hpp"
#include "protocol/codec.hpp"
#include "util/base64.hpp"
#include "util/strings.hpp"

namespace spillway::e2b {
namespace {

using nlohmann::json;

constexpr std::size_t k_shown_payload_bytes = 100;

[[noreturn]] void refuse_payload(std::string_view payload) {
  fail(ErrorCode::protocol, fmt::format("the sandbox's stream is broken: it tells '{}'",
                                        to_valid_utf8(payload.substr(0, k_shown_payload_bytes))));
}

/// A part of an object that is one itself, or null.
const json* object_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? &*found : nullptr;
}

int number_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

}  // namespace

ProcessEvent decode_process_event(std::string_view payload) {
  const json body = parse_json(payload);
  const json* event = body.is_object() ? object_in(body, "event") : nullptr;
  if (event == nullptr) refuse_payload(payload);
  if (const json* start = object_in(*event, "start")) {
    return ProcessStarted{static_cast<std::uint32_t>(protocol::count_or(*start, "pid"))};
  }
  if (const json* data = object_in(*event, "data")) {
    for (const auto& [name, stream] :
         {std::pair("stdout", ProcessOutput::Stream::out), std::pair("stderr", ProcessOutput::Stream::err)}) {
      if (!data->contains(name)) continue;
      std::optional<std::string> bytes = from_base64(protocol::text_or(*data, name, "-"));
      if (!bytes) refuse_payload(payload);
      return ProcessOutput{stream, *std::move(bytes)};
    }
  }
  if (const json* end = object_in(*event, "end")) {
    return ProcessEnded{number_in(*end, "exitCode"), to_valid_utf8(protocol::text_or(*end, "status")),
                        to_valid_utf8(protocol::text_or(*end, "error"))};
  }
  return ProcessKeepAlive{};
}

std::optional<RequestError> decode_stream_end(std::string_view what, std::string_view payload) {
  const json body = parse_json(payload);
  if (!body.is_object()) refuse_payload(payload);
  const json* error = object_in(body, "error");
  if (error == nullptr) return std::nullopt;
  return connect_error(what, protocol::text_or(*error, "code", "unknown"), protocol::text_or(*error, "message"));
}

}  // namespace spillway::e2b
