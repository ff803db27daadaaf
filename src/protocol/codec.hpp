#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/messages.hpp"
#include "util/error.hpp"

/// JSON lines: one message a line, UTF-8, without the newline. Unknown fields are ignored.
namespace spillway::protocol {

std::string encode(const Command& command);
std::string encode(const Message& message);
/// The same with the newline and, of a FilesData, its bytes: what goes over the wire.
std::string to_wire(const Command& command);
std::string to_wire(const Message& message);
/// Fails with ErrorCode::protocol when the line is too long or too deep, or no JSON object.
Result<Json> parse_line(std::string_view line);
/// Fails with ErrorCode::protocol also when the line names no known command or lacks a field.
Result<Command> decode_command(std::string_view line);
Result<Message> decode_message(std::string_view line);

/// How a line begins, for the error that tells of it.
std::string line_start(std::string_view line);

/// A field of an object that somebody else made: the fallback when it is missing or of another kind.
std::string text_or(const Json& json, const char* name, std::string fallback = {});
std::uint64_t count_or(const Json& json, const char* name, std::uint64_t fallback = 0);

/// What a worker says of itself in `ready` and `receiving`, if it is not what this program is (docs/protocol.md,
/// "Versions"): it would run the same pipeline differently.
std::optional<Error> version_mismatch(const Json& body);

/// An Error as the fields of a `complete` answer or a `step_failed` event: error, error_type, error_code, hint.
Json error_fields(const Error& error);
/// The Error that error_fields described.
Error error_from_fields(const Json& fields);

}  // namespace spillway::protocol
