#include "util/error.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway {
namespace {

struct CodeRow {
  ErrorCode code;
  std::string_view name;
  std::string_view type;
};

constexpr std::array k_codes{
    CodeRow{ErrorCode::usage, "usage", "usage"},
    CodeRow{ErrorCode::invalid_pipeline, "invalid_pipeline", "pipeline"},
    CodeRow{ErrorCode::invalid_config, "invalid_config", "pipeline"},
    CodeRow{ErrorCode::input_not_found, "input_not_found", "input"},
    CodeRow{ErrorCode::missing_input, "missing_input", "input"},
    CodeRow{ErrorCode::file_not_found, "file_not_found", "file"},
    CodeRow{ErrorCode::permission_denied, "permission_denied", "file"},
    CodeRow{ErrorCode::access_denied, "access_denied", "file"},
    CodeRow{ErrorCode::io, "io", "file"},
    CodeRow{ErrorCode::disk_full, "disk_full", "resource"},
    CodeRow{ErrorCode::bad_data, "bad_data", "data"},
    CodeRow{ErrorCode::sql, "sql", "sql"},
    CodeRow{ErrorCode::out_of_memory, "out_of_memory", "resource"},
    CodeRow{ErrorCode::unsupported, "unsupported", "pipeline"},
    CodeRow{ErrorCode::connection, "connection", "connection"},
    CodeRow{ErrorCode::cancelled, "cancelled", "cancelled"},
    CodeRow{ErrorCode::timeout, "timeout", "cancelled"},
    CodeRow{ErrorCode::sandbox, "sandbox", "sandbox"},
    CodeRow{ErrorCode::crashed, "crashed", "crash"},
    CodeRow{ErrorCode::protocol, "protocol", "protocol"},
    CodeRow{ErrorCode::internal, "internal", "internal"},
};

const CodeRow& row_of(ErrorCode code) {
  for (const CodeRow& row : k_codes) {
    if (row.code == code) return row;
  }
  return k_codes.back();
}

ErrorCode code_of_errno(int os_errno) {
  switch (os_errno) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::file_not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::disk_full;
    case ENOMEM:
      return ErrorCode::out_of_memory;
    default:
      return ErrorCode::io;
  }
}

constexpr std::size_t k_shown_columns = 100;
constexpr std::size_t k_columns_before = 60;

/// The line and below it a caret under its column; of a long line the part around it.
std::string source_excerpt(const std::string& line, const Location& location) {
  const std::size_t column = location.column == 0 ? 0 : location.column - 1;
  const std::size_t first = column > k_columns_before + k_shown_columns / 4 ? column - k_columns_before : 0;
  const std::size_t start = byte_of_character(line, first);
  const std::size_t length = byte_of_character(std::string_view(line).substr(start), k_shown_columns);
  std::string shown = line.substr(start, length);
  std::ranges::replace(shown, '\t', ' ');
  const std::string number = std::to_string(location.line);
  const std::string before = first == 0 ? "" : "...";
  return fmt::format("\n  {} | {}{}{}\n  {:>{}} | {:>{}}", number, before, shown,
                     start + length < line.size() ? "..." : "", "", number.size(), "^",
                     before.size() + column - first + 1);
}

}  // namespace

std::string_view to_string(ErrorCode code) { return row_of(code).name; }
std::string_view error_type(ErrorCode code) { return row_of(code).type; }

std::optional<ErrorCode> error_code_from_string(std::string_view name) {
  for (const CodeRow& row : k_codes) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

std::string Location::to_string() const {
  if (line == 0) return file;
  if (column == 0) return fmt::format("{}:{}", file, line);
  return fmt::format("{}:{}:{}", file, line, column);
}

Error&& Error::with_context(std::string frame) && {
  context.push_back(std::move(frame));
  return std::move(*this);
}

Error&& Error::with_hint(std::string text) && {
  hint = std::move(text);
  return std::move(*this);
}

std::string Error::full_message() const {
  std::string text = message;
  for (const std::string& frame : context) text += ", " + frame;
  return text;
}

std::string Error::to_display(std::string_view severity) const {
  std::string text;
  if (location && !location->file.empty()) text += location->to_string() + ": ";
  text += fmt::format("{}: {}", severity, full_message());
  if (!id.empty()) text += fmt::format(" [{}]", id);
  if (location && !source_line.empty()) text += source_excerpt(source_line, *location);
  if (!hint.empty()) text += "\n  hint: " + hint;
  return text;
}

Error make_error(ErrorCode code, std::string message, std::string hint) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

Error os_error(int os_errno, std::string what, std::string hint) {
  if (os_errno == EFBIG && hint.empty()) hint = file_too_large_hint();
  Error error =
      make_error(code_of_errno(os_errno), fmt::format("{}: {}", what, std::strerror(os_errno)), std::move(hint));
  error.os_errno = os_errno;
  error.retryable = os_errno == EAGAIN || os_errno == EINTR;
  return error;
}

Error out_of_memory_error() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return make_error(ErrorCode::out_of_memory, "out of memory: this machine has no more",
                      "lower SPILLWAY_MEMORY_LIMIT (--memory-limit) so that more is spilled");
  }
  return make_error(
      ErrorCode::out_of_memory,
      fmt::format("out of memory: this process may take {} (RLIMIT_DATA)", human_bytes(limit.rlim_cur)),
      "raise SPILLWAY_SANDBOX_MEMORY (--sandbox-memory), or lower SPILLWAY_MEMORY_LIMIT (--memory-limit) "
      "so that more is spilled");
}

std::string file_too_large_hint() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return "this file system takes no larger file: write to another one";
  }
  return fmt::format(
      "a file may have {} (RLIMIT_FSIZE), unless SPILLWAY_SANDBOX_FILE_SIZE (--sandbox-file-size) is raised; where "
      "that is not set, it is half of what the disk has free",
      human_bytes(limit.rlim_cur));
}

Exception::Exception(Error error) : m_error(std::move(error)), m_what(m_error.full_message()) {}

void fail(ErrorCode code, std::string message, std::string hint) {
  throw Exception(make_error(code, std::move(message), std::move(hint)));
}

void fail(Error error) { throw Exception(std::move(error)); }

Error current_error() {
  try {
    throw;
  } catch (const Exception& exception) {
    return exception.error();
  } catch (const std::bad_alloc&) {
    return out_of_memory_error();
  } catch (const std::exception& exception) {
    return make_error(ErrorCode::internal, exception.what());
  } catch (...) {
    return make_error(ErrorCode::internal, "an exception of unknown type");
  }
}

}  // namespace spillway
