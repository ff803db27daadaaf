#include "drivers/file/read_error.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "drivers/engine_text.hpp"

namespace spillway::drivers::file {
namespace {

bool is_about_data(std::string_view message) {
  constexpr std::array<std::string_view, 3> k_types{
      "Invalid Input Error: ", "Conversion Error: ", "Out of Range Error: "};
  return std::ranges::any_of(k_types, [&](std::string_view type) { return message.starts_with(type); });
}

}  // namespace

Error explain_read_error(Error error, const std::function<std::optional<Error>(const Error&)>& of_file,
                         const std::function<std::optional<Error>()>& find_lost) {
  const bool is_about_reading = is_about_data(error.message) || error.message.starts_with("IO Error: ");
  if (!is_about_reading || error.code == ErrorCode::disk_full) return error;
  if (std::optional<Error> explained = of_file(error)) return *std::move(explained);
  if (!is_about_data(error.message)) return error;
  try {
    if (std::optional<Error> lost = find_lost()) return *std::move(lost);
  } catch (const Exception& exception) {
    // The search met another fault in the files, which then is the better answer.
    if (std::optional<Error> explained = of_file(exception.error())) return *std::move(explained);
  }
  error.message = without_error_type(first_line(error.message));
  return error;
}

}  // namespace spillway::drivers::file
