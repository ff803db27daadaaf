#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The engine explains itself in long texts of a known shape; here they are taken apart.
namespace spillway::drivers {

/// "Conversion Error: x" as "x": the code of an Error says as much as that name.
std::string without_error_type(std::string_view message);
/// What stands in front of the first line break.
std::string first_line(std::string_view message);
/// What stands behind the first `start`, up to `end` or the end of the text.
std::optional<std::string> text_between(std::string_view message, std::string_view start, std::string_view end);
/// The message without its "LINE 1: …" part and caret, unless that part quotes `user_sql`: the engine then points
/// into a statement that the user never wrote.
std::string without_foreign_caret(std::string_view message, std::string_view user_sql);

}  // namespace spillway::drivers
