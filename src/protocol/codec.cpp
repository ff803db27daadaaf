#include "protocol/codec.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/base64.hpp"
#include "util/strings.hpp"
#include "util/version.hpp"

namespace spillway::protocol {
namespace {

constexpr std::size_t k_quoted_line_bytes = 120;
constexpr int k_max_depth = 128;

template <typename... Alternatives>
struct Overloaded : Alternatives... {
  using Alternatives::operator()...;
};
template <typename... Alternatives>
Overloaded(Alternatives...) -> Overloaded<Alternatives...>;

/// Bytes that are no UTF-8 are replaced, never thrown on: a message must always get through.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Error protocol_error(std::string message) { return make_error(ErrorCode::protocol, std::move(message)); }

Result<std::string> string_field(const Json& json, std::string_view command, const char* name) {
  const auto field = json.find(name);
  if (field != json.end() && field->is_string()) return field->get<std::string>();
  return Failure(protocol_error(fmt::format("command '{}' needs the string '{}'", command, name)));
}

Json object_field(const Json& json, const char* name) {
  const auto field = json.find(name);
  return field != json.end() && field->is_object() ? *field : Json::object();
}

Result<Command> decode_prepare(const Json& json) {
  auto session_id = string_field(json, "prepare", "session_id");
  if (!session_id) return Failure(session_id.error());
  return PrepareCommand{*session_id, object_field(json, "manifest"), object_field(json, "connections"),
                        object_field(json, "settings")};
}

Result<Command> decode_exec_step(const Json& json) {
  ExecStepCommand command;
  for (const auto& [name, target] : {std::pair{"step_id", &command.step_id}, std::pair{"driver", &command.driver},
                                     std::pair{"cfg_path", &command.cfg_path}}) {
    auto field = string_field(json, "exec_step", name);
    if (!field) return Failure(field.error());
    *target = *field;
  }
  const Json inputs = object_field(json, "inputs");
  for (const auto& [name, input] : inputs.items()) {
    if (!input.is_object() || !input.contains("from_step") || !input["from_step"].is_string()) {
      return Failure(
          protocol_error(fmt::format("input '{}' of step '{}' needs the string 'from_step'", name, command.step_id)));
    }
    command.inputs[name] = {input["from_step"].get<std::string>(), text_or(input, "key", "df")};
  }
  command.is_streamed = text_or(json, "materialize") == "stream";
  if (const auto after = json.find("after"); after != json.end()) {
    command.after.emplace();
    for (const Json& step : after->is_array() ? *after : Json::array({*after})) {
      if (!step.is_string()) {
        return Failure(
            protocol_error(fmt::format("'after' of step '{}' has to be a list of step ids", command.step_id)));
      }
      command.after->push_back(step.get<std::string>());
    }
  }
  return command;
}

/// What commands and messages have in common: `key` is cmd or type.
Json files_json(const char* key, const FilesStart& start) {
  Json json{{key, "files_start"},
            {"step_id", start.step_id},
            {"entries", start.entries},
            {"bytes", start.bytes},
            {"unreadable", start.unreadable}};
  if (!start.wants_frames) json["frames"] = false;
  if (start.most_artifact_bytes != UINT64_MAX) json["max_artifact_bytes"] = start.most_artifact_bytes;
  return json;
}
Json files_json(const char* key, const FilesData& data) {
  // One that was decoded has its bytes still to come.
  return {{key, "files_data"}, {"bytes", data.bytes.empty() ? data.size : data.bytes.size()}};
}
Json files_json(const char* key, const FilesAt& at) {
  return {{key, "files_at"}, {"path", at.path}, {"bytes", at.bytes}};
}
Json files_json(const char* key, const FilesInline& piece) {
  return {{key, "files_inline"}, {"base64", to_base64(piece.bytes)}};
}
Json files_json(const char* key, const FilesEnd& end) { return {{key, "files_end"}, {"sha256", end.sha256}}; }

/// As one of several: the library's conversion from one Result to another leaks.
template <typename Variant>
Result<Variant> decode_files_at(const Json& json) {
  FilesAt at{text_or(json, "path", ""), count_or(json, "bytes", 0)};
  if (at.path.starts_with('/') && at.path.find('\0') == std::string::npos) return at;
  return Failure(protocol_error("files_at needs the string 'path', an absolute path"));
}

template <typename Variant>
Result<Variant> decode_files_inline(const Json& json) {
  std::optional<std::string> bytes = from_base64(text_or(json, "base64", ""));
  if (bytes && !bytes->empty() && bytes->size() <= k_max_inline_bytes) return FilesInline{std::move(*bytes)};
  return Failure(protocol_error(
      fmt::format("files_inline needs the string 'base64', the base64 of 1 to {} bytes", k_max_inline_bytes)));
}

/// Nothing when `name` is none of them.
template <typename Variant>
std::optional<Result<Variant>> decode_files(std::string_view name, const Json& json) {
  if (name == "files_start") {
    return FilesStart{text_or(json, "step_id", ""),
                      count_or(json, "entries", 0),
                      count_or(json, "bytes", 0),
                      object_field(json, "unreadable"),
                      json.value("frames", Json(true)) != false,
                      count_or(json, "max_artifact_bytes", UINT64_MAX)};
  }
  if (name == "files_end") return FilesEnd{text_or(json, "sha256", "")};
  if (name == "files_at") return decode_files_at<Variant>(json);
  if (name == "files_inline") return decode_files_inline<Variant>(json);
  if (name != "files_data") return std::nullopt;
  const std::uint64_t size = count_or(json, "bytes", 0);
  if (size == 0 || size > k_max_piece_bytes) {
    return Failure(protocol_error(
        fmt::format("files_data needs the number 'bytes', from 1 to {}, not {}", k_max_piece_bytes, size)));
  }
  return FilesData{size, {}};
}

template <typename Sent>
std::string wire_of(const Sent& sent) {
  std::string text = encode(sent) + "\n";
  if (const auto* data = std::get_if<FilesData>(&sent)) text += data->bytes;
  return text;
}

}  // namespace

Result<Json> parse_line(std::string_view line) {
  if (line.size() > k_max_line_bytes) {
    return Failure(protocol_error(
        fmt::format("line of {} bytes is longer than the limit of {} bytes", line.size(), k_max_line_bytes)));
  }
  // Copying and printing a value takes stack for each level of it.
  int deepest = 0;
  const auto measure_depth = [&](int depth, Json::parse_event_t, Json&) {
    deepest = std::max(deepest, depth);
    return depth <= k_max_depth;
  };
  Json json = Json::parse(line, measure_depth, /*allow_exceptions=*/false);
  if (deepest > k_max_depth) {
    return Failure(protocol_error(fmt::format("line is nested more than {} levels deep", k_max_depth)));
  }
  if (json.is_object()) return json;
  return Failure(protocol_error(fmt::format("line is no JSON object: {}", line_start(line))));
}

std::string line_start(std::string_view line) { return to_valid_utf8(line.substr(0, k_quoted_line_bytes)); }

std::string text_or(const Json& json, const char* name, std::string fallback) {
  const auto field = json.find(name);
  return field != json.end() && field->is_string() ? field->get<std::string>() : std::move(fallback);
}

std::uint64_t count_or(const Json& json, const char* name, std::uint64_t fallback) {
  const auto field = json.find(name);
  return field != json.end() && field->is_number_unsigned() ? field->get<std::uint64_t>() : fallback;
}

std::string encode(const Command& command) {
  return dump(std::visit(Overloaded{
                             [](const PingCommand& ping) {
                               return Json{{"cmd", "ping"}, {"data", ping.data}};
                             },
                             [](const PrepareCommand& prepare) {
                               return Json{{"cmd", "prepare"},
                                           {"session_id", prepare.session_id},
                                           {"manifest", prepare.manifest},
                                           {"connections", prepare.connections},
                                           {"settings", prepare.settings}};
                             },
                             [](const ExecStepCommand& exec) {
                               Json inputs = Json::object();
                               for (const auto& [name, input] : exec.inputs) {
                                 inputs[name] = {{"from_step", input.from_step}, {"key", input.key}};
                               }
                               Json json{{"cmd", "exec_step"},
                                         {"step_id", exec.step_id},
                                         {"driver", exec.driver},
                                         {"cfg_path", exec.cfg_path},
                                         {"inputs", std::move(inputs)}};
                               if (exec.after) json["after"] = *exec.after;
                               if (exec.is_streamed) json["materialize"] = "stream";
                               return json;
                             },
                             [](const CancelCommand& cancel) {
                               Json json{{"cmd", "cancel"}};
                               if (!cancel.step_id.empty()) json["step_id"] = cancel.step_id;
                               return json;
                             },
                             [](const CleanupCommand& cleanup) {
                               Json json{{"cmd", "cleanup"}};
                               if (cleanup.is_ahead) json["ahead"] = true;
                               return json;
                             },
                             [](const ResumeCommand& resume) {
                               return Json{{"cmd", "resume"}, {"after", resume.after}};
                             },
                             [](const auto& files) { return files_json("cmd", files); },
                         },
                         command));
}

std::string encode(const Message& message) {
  return dump(std::visit(
      Overloaded{
          [](const Response& response) {
            Json json = response.body;
            json["status"] = response.status;
            return json;
          },
          [](const Event& event) {
            return Json{
                {"type", "event"}, {"name", event.name}, {"timestamp", event.timestamp}, {"data", event.data}};
          },
          [](const Metric& metric) {
            return Json{{"type", "metric"},
                        {"name", metric.name},
                        {"value", metric.value},
                        {"timestamp", metric.timestamp},
                        {"tags", metric.tags}};
          },
          [](const ErrorMessage& error) {
            return Json{{"type", "error"}, {"error", error.error}};
          },
          [](const auto& files) { return files_json("type", files); },
      },
      message));
}

std::string to_wire(const Command& command) { return wire_of(command); }
std::string to_wire(const Message& message) { return wire_of(message); }

Result<Command> decode_command(std::string_view line) {
  const Result<Json> json = parse_line(line);
  if (!json) return Failure(json.error());
  const std::string name = text_or(*json, "cmd", "");
  if (name == "ping") return PingCommand{json->value("data", Json())};
  if (name == "prepare") return decode_prepare(*json);
  if (name == "exec_step") return decode_exec_step(*json);
  if (name == "cancel") return CancelCommand{text_or(*json, "step_id", "")};
  if (name == "cleanup") return CleanupCommand{json->value("ahead", Json(false)) == true};
  if (name == "resume") return ResumeCommand{count_or(*json, "after", 0)};
  if (auto files = decode_files<Command>(name, *json)) return std::move(*files);
  if (name.empty()) return Failure(protocol_error("command without the string 'cmd'"));
  return Failure(protocol_error(fmt::format(
      "unknown command '{}'; known are ping, prepare, exec_step, cancel, cleanup, resume, files_start, files_data, "
      "files_at, files_inline, files_end",
      name)));
}

Result<Message> decode_message(std::string_view line) {
  Result<Json> json = parse_line(line);
  if (!json) return Failure(json.error());
  if (const std::string status = text_or(*json, "status", ""); !status.empty()) {
    json->erase("status");
    return Response{status, std::move(*json)};
  }
  const std::string type = text_or(*json, "type", "");
  const std::string timestamp = text_or(*json, "timestamp", "");
  if (type == "event") return Event{text_or(*json, "name", ""), timestamp, object_field(*json, "data")};
  if (type == "metric") {
    return Metric{text_or(*json, "name", ""), json->value("value", Json()), timestamp, object_field(*json, "tags")};
  }
  if (auto files = decode_files<Message>(type, *json)) return std::move(*files);
  if (type == "error") return ErrorMessage{text_or(*json, "error", "")};
  return Failure(
      protocol_error(fmt::format("message with neither 'status' nor a known 'type': {}", line_start(line))));
}

std::optional<Error> version_mismatch(const Json& body) {
  const Json protocol = body.value("protocol", Json());
  const Json version = body.value("version", Json());
  if (protocol == k_version && version == k_program_version) return std::nullopt;
  return make_error(ErrorCode::sandbox,
                    fmt::format("the worker speaks protocol {} of version {}, this is protocol {} of version {}",
                                dump(protocol), dump(version), k_version, k_program_version),
                    "install the same version of spillway where the worker runs");
}

Json error_fields(const Error& error) {
  return {{"error", error.full_message()},
          {"error_type", error_type(error.code)},
          {"error_code", to_string(error.code)},
          {"hint", error.hint}};
}

Error error_from_fields(const Json& fields) {
  const ErrorCode code = error_code_from_string(text_or(fields, "error_code", "")).value_or(ErrorCode::internal);
  return make_error(code, text_or(fields, "error", "unknown error"), text_or(fields, "hint", ""));
}

}  // namespace spillway::protocol
