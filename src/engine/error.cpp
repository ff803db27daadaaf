#include <algorithm>
#include <array>
#include <string_view>

#include "engine/handles.hpp"
#include "util/strings.hpp"

namespace spillway::engine {
namespace {

struct PrefixRow {
  std::string_view prefix;
  ErrorCode code;
};

/// The engine starts each message with the name of its error type; some of its functions give only that text.
constexpr std::array k_prefixes{
    PrefixRow{"INTERRUPT Error", ErrorCode::cancelled},
    PrefixRow{"Permission Error", ErrorCode::access_denied},
    PrefixRow{"Out of Memory Error", ErrorCode::out_of_memory},
    PrefixRow{"IO Error", ErrorCode::io},
    PrefixRow{"Conversion Error", ErrorCode::bad_data},
    PrefixRow{"Invalid Input Error", ErrorCode::bad_data},
    PrefixRow{"Serialization Error", ErrorCode::bad_data},
    PrefixRow{"Not implemented Error", ErrorCode::unsupported},
    PrefixRow{"INTERNAL Error", ErrorCode::internal},
    PrefixRow{"FATAL Error", ErrorCode::internal},
    PrefixRow{"TransactionContext Error", ErrorCode::internal},
};

/// What the engine found in the operating system's answer to an I/O request.
constexpr std::string_view k_file_too_large = "File too large";

constexpr std::array k_io_causes{
    PrefixRow{"No space left on device", ErrorCode::disk_full},
    PrefixRow{"Disk quota exceeded", ErrorCode::disk_full},
    PrefixRow{k_file_too_large, ErrorCode::disk_full},
    PrefixRow{"Permission denied", ErrorCode::permission_denied},
    PrefixRow{"Read-only file system", ErrorCode::permission_denied},
    PrefixRow{"No such file or directory", ErrorCode::file_not_found},
    PrefixRow{"No files found that match", ErrorCode::file_not_found},
};

/// Below its own limit the engine was refused memory.
constexpr std::string_view k_no_allocation = "bad allocation";
/// Statements that a user of it may set the limit with; here that is the hint's matter.
constexpr std::string_view k_advice = "\n\nPossible solutions:";

ErrorCode code_of(std::string_view message) {
  for (const PrefixRow& row : k_prefixes) {
    if (!message.starts_with(row.prefix)) continue;
    if (row.code != ErrorCode::io && row.code != ErrorCode::out_of_memory) return row.code;
    for (const PrefixRow& cause : k_io_causes) {
      if (message.find(cause.prefix) != std::string_view::npos) return cause.code;
    }
    // A spill to the temporary folder that no longer fits is reported as out of memory.
    if (message.find("failed to offload data block") != std::string_view::npos) return ErrorCode::disk_full;
    return row.code;
  }
  return ErrorCode::sql;
}

std::string hint_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::out_of_memory:
      return "raise SPILLWAY_MEMORY_LIMIT (--memory-limit), or make the step's result smaller";
    case ErrorCode::disk_full:
      return "free space on the disk of the run directory and of the outputs, then run again";
    default:
      return {};
  }
}

}  // namespace

Error engine_error(const char* message) {
  std::string text = message == nullptr ? "the engine gave no reason" : to_valid_utf8(message);
  const ErrorCode code = code_of(text);
  if (code == ErrorCode::out_of_memory) {
    if (text.find(k_no_allocation) != std::string::npos) return out_of_memory_error();
    text.resize(std::min(text.size(), text.find(k_advice)));
  }
  const bool is_too_large = text.find(k_file_too_large) != std::string::npos;
  return make_error(code, text, is_too_large ? file_too_large_hint() : hint_of(code));
}

}  // namespace spillway::engine
