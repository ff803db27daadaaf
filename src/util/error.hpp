#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace spillway {

/// The closed list of what can go wrong. The name of a code is public (`error_code` in events); see to_string.
enum class ErrorCode {
  usage,             ///< a command line that makes no sense
  invalid_pipeline,  ///< the OML document or the manifest is wrong
  invalid_config,    ///< a step's config is wrong in a way that only running it shows
  input_not_found,   ///< an upstream step left no DataFrame
  missing_input,     ///< a step that needs an input was given none
  file_not_found,
  permission_denied,  ///< by the operating system
  access_denied,      ///< by the lock-down: a path that the pipeline does not name
  io,
  disk_full,
  bad_data,  ///< a file or a value that cannot be read as what it should be
  sql,
  out_of_memory,
  unsupported,
  connection,
  cancelled,
  timeout,
  sandbox,
  crashed,  ///< the host of a run died
  protocol,
  internal,
};

/// The stable name of a code, e.g. "input_not_found".
std::string_view to_string(ErrorCode code);
/// The broad class of a code (`error_type` in events): usage, pipeline, input, file, data, sql, resource,
/// connection, cancelled, sandbox, crash, protocol or internal.
std::string_view error_type(ErrorCode code);
std::optional<ErrorCode> error_code_from_string(std::string_view name);

/// A place in a user's file; line and column count from 1, 0 means unknown.
struct Location {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;
  /// "file:line:column", without the parts that are unknown.
  std::string to_string() const;
};

/// A change to one line of a user's file that mends what an error tells: from the place on, `old_text` becomes
/// `new_text`. Lines and columns count from 1, columns in characters.
struct TextFix {
  std::size_t line = 0;
  std::size_t column = 0;
  std::string old_text;
  std::string new_text;
};

/// What failed, on which thing, why and what to do, as a value. Crosses threads and the C API by copy.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string id;  ///< of a compiler's diagnostic, e.g. "OML201" (pipeline/codes.hpp); else empty
  std::string message;
  std::string hint;
  std::optional<Location> location;
  std::string source_line;           ///< the line of the user's file, as far as it may be shown
  std::optional<TextFix> fix;        ///< where one is safe
  std::vector<std::string> context;  ///< added on the way up, innermost first
  int os_errno = 0;
  bool retryable = false;

  /// Adds a frame such as "while writing table 'orders'" and returns itself.
  Error&& with_context(std::string frame) &&;
  Error&& with_hint(std::string text) &&;
  /// The message followed by its context, on one line.
  std::string full_message() const;
  /// `error: … [id]`, the source line with a caret and `  hint: …`, as a terminal shows them; ends without a newline.
  /// `severity` is "error" or "warning".
  std::string to_display(std::string_view severity = "error") const;
};

Error make_error(ErrorCode code, std::string message, std::string hint = {});
/// An error from `errno`: "<what>: <strerror>", with the code that fits (not found, permission, disk full, io).
Error os_error(int os_errno, std::string what, std::string hint = {});
/// The operating system gave no more memory: with the limit that this process has of it, where it has one.
Error out_of_memory_error();
/// What to do when a file could not grow (EFBIG): names the limit that this process has, where it has one.
std::string file_too_large_hint();

template <typename T>
using Result = tl::expected<T, Error>;
using Failure = tl::unexpected<Error>;

/// Thrown when a step or a command is over. Caught in main, the worker loop, a step attempt and C callbacks only.
class Exception : public std::exception {
 public:
  explicit Exception(Error error);
  const char* what() const noexcept override { return m_what.c_str(); }
  const Error& error() const noexcept { return m_error; }

 private:
  Error m_error;
  std::string m_what;
};

[[noreturn]] void fail(ErrorCode code, std::string message, std::string hint = {});
[[noreturn]] void fail(Error error);

/// The value, or its error thrown.
template <typename T>
T value_or_throw(Result<T> result) {
  if (!result) fail(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// The exception in flight as an Error: the Error of an Exception, else internal (bad_alloc: out_of_memory).
Error current_error();

}  // namespace spillway
