#pragma once

#include <string>
#include <string_view>

#include "util/error.hpp"

namespace spillway::drivers::postgres {

/// What a SQLSTATE means for a step.
struct SqlStateMeaning {
  ErrorCode code = ErrorCode::sql;
  /// Whether the same may succeed soon, without anybody doing anything. Says nothing about whether it may be done
  /// twice.
  bool is_transient = false;
  std::string_view hint;
};

/// `state` is five characters; an empty one stands for a connection that was lost without a word.
SqlStateMeaning meaning_of(std::string_view state);

}  // namespace spillway::drivers::postgres
