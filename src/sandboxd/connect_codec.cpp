#include "sandboxd/connect_codec.hpp"

#include <string.h>

#include <limits>

#include <fmt/format.h>

#include "util/base64.hpp"
#include "util/strings.hpp"

namespace spillway::sandboxd {
namespace {

constexpr std::size_t k_header_bytes = 5;
constexpr char k_end_flag = 0x02;
constexpr std::size_t k_most_timeout_digits = 10;

const Json& no_fields() {
  static const Json k_none = Json::object();
  return k_none;
}

std::string framed(char flags, const std::string& payload) {
  std::string bytes(1, flags);
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift & 0xFF);
  return bytes + payload;
}

std::string dump(const ordered_json& message) {
  return message.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

[[noreturn]] void fail_as_invalid(const char* name, const char* expected) {
  throw RpcError(RpcCode::invalid_argument, fmt::format("field '{}' has to be {}", name, expected));
}

std::string text_of(const Json& value, const char* name) {
  if (!value.is_string()) fail_as_invalid(name, "a text");
  auto text = value.get<std::string>();
  if (text.find('\0') != std::string::npos) fail_as_invalid(name, "a text without NUL");
  return text;
}

ordered_json error_json(const RpcError& error) {
  return {{"code", to_string(error.code())}, {"message", error.what()}};
}

ordered_json event(const char* kind, ordered_json content) { return {{"event", {{kind, std::move(content)}}}}; }

/// As Go's os.ProcessState tells it. What is zero or false is left out.
ordered_json end_event(const ProcessEnd& end) {
  if (end.signal != 0) {
    const char* description = ::sigdescr_np(end.signal);
    const std::string status =
        fmt::format("signal: {}", description == nullptr ? std::to_string(end.signal) : to_lower(description));
    return event("end", {{"exitCode", -1}, {"status", status}, {"error", status}});
  }
  const std::string status = fmt::format("exit status {}", end.exit_code);
  if (end.exit_code == 0) return event("end", {{"exited", true}, {"status", status}});
  return event("end", {{"exitCode", end.exit_code}, {"exited", true}, {"status", status}, {"error", status}});
}

}  // namespace

std::string envelope(const ordered_json& message) { return framed(0, dump(message)); }
std::string end_of_stream() { return framed(k_end_flag, "{}"); }
std::string end_of_stream(const RpcError& error) { return framed(k_end_flag, dump({{"error", error_json(error)}})); }
std::string error_body(const RpcError& error) { return dump(error_json(error)); }

Json parse_enveloped(std::string_view body) {
  if (body.size() < k_header_bytes) throw RpcError(RpcCode::invalid_argument, "the request has no whole envelope");
  if (body[0] != 0) throw RpcError(RpcCode::unimplemented, "compressed envelopes are not understood here");
  std::size_t size = 0;
  for (const char byte : body.substr(1, k_header_bytes - 1)) size = size << 8 | static_cast<unsigned char>(byte);
  if (size != body.size() - k_header_bytes) {
    throw RpcError(RpcCode::invalid_argument, "the request has to be exactly one envelope");
  }
  return parse_message(body.substr(k_header_bytes));
}

Json parse_message(std::string_view body) {
  if (body.empty()) return Json::object();
  Json message = Json::parse(body, nullptr, false);
  if (!message.is_object()) throw RpcError(RpcCode::invalid_argument, "the request is no JSON object");
  return message;
}

MessageReader::MessageReader(const Json& message) : m_message(&message) {}

const Json* MessageReader::find(const char* name) const {
  const auto found = m_message->find(name);
  return found == m_message->end() || found->is_null() ? nullptr : &*found;
}

std::string MessageReader::text(const char* name, const char* snake_name) const {
  const Json* value = find(name);
  if (value == nullptr && snake_name != nullptr) value = find(snake_name);
  return value == nullptr ? "" : text_of(*value, name);
}

std::uint64_t MessageReader::number(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return 0;
  const std::optional<std::uint64_t> number = value->is_string() ? parse_uint(value->get<std::string>())
                                              : value->is_number_unsigned()
                                                  ? std::optional(value->get<std::uint64_t>())
                                                  : std::nullopt;
  if (!number || *number > std::numeric_limits<std::uint32_t>::max()) fail_as_invalid(name, "a number of 32 bits");
  return *number;
}

std::optional<bool> MessageReader::boolean(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) fail_as_invalid(name, "true or false");
  return value->get<bool>();
}

std::optional<std::string> MessageReader::bytes(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::string> decoded;
  if (value->is_string()) decoded = from_base64(value->get_ref<const std::string&>());
  if (!decoded) fail_as_invalid(name, "bytes in base64");
  return decoded;
}

std::vector<std::string> MessageReader::texts(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_array()) fail_as_invalid(name, "a list of texts");
  std::vector<std::string> list;
  for (const Json& one : *value) list.push_back(text_of(one, name));
  return list;
}

std::vector<std::pair<std::string, std::string>> MessageReader::map(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_object()) fail_as_invalid(name, "an object of texts");
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto& [key, one] : value->items()) {
    if (key.empty() || key.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      fail_as_invalid(name, "an object whose names have neither '=' nor NUL");
    }
    list.emplace_back(key, text_of(one, name));
  }
  return list;
}

MessageReader MessageReader::message(const char* name) const {
  const Json* value = find(name);
  if (value == nullptr) return MessageReader(no_fields());
  if (!value->is_object()) fail_as_invalid(name, "an object");
  return MessageReader(*value);
}

std::optional<std::chrono::milliseconds> parse_timeout(std::string_view header) {
  if (header.empty()) return std::nullopt;
  const std::optional<std::uint64_t> number = parse_uint(header);
  if (!number || header.size() > k_most_timeout_digits) {
    throw RpcError(RpcCode::invalid_argument, "Connect-Timeout-Ms has to be a number of at most 10 digits");
  }
  return std::chrono::milliseconds(*number);
}

std::string start_envelope(int pid) { return envelope(event("start", {{"pid", pid}})); }

std::string output_envelope(const ProcessOutput& output) {
  if (output.kind == ProcessOutput::Kind::end) return envelope(end_event(output.end));
  // Of what is most of a stream no JSON is built: there is nothing in it to escape.
  const char* name = output.kind == ProcessOutput::Kind::out ? "stdout" : "stderr";
  return framed(0, fmt::format(R"({{"event":{{"data":{{"{}":"{}"}}}}}})", name, to_base64(output.bytes)));
}

std::string keepalive_envelope() { return envelope(event("keepalive", ordered_json::object())); }

}  // namespace spillway::sandboxd
