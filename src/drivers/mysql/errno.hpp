#pragma once

#include <string_view>

#include "util/error.hpp"

namespace spillway::drivers::mysql {

/// What an error's number (of the server, or of the client library) means for a step.
struct ErrnoMeaning {
  unsigned number = 0;
  ErrorCode code = ErrorCode::sql;
  /// Whether the same may succeed soon, without anybody doing anything. Says nothing about whether it may be done
  /// twice.
  bool is_transient = false;
  std::string_view hint = {};
};
ErrnoMeaning meaning_of(unsigned number);

/// Numbers that the drivers act on.
constexpr unsigned k_no_such_table = 1146;
constexpr unsigned k_local_infile_forbidden = 1148;

}  // namespace spillway::drivers::mysql
