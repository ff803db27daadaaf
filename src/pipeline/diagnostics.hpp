#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/error.hpp"

namespace spillway::pipeline {

/// A value, or every error that its text holds, sorted by place.
template <typename T>
using Diagnosed = tl::expected<T, std::vector<Error>>;
using Diagnosis = tl::unexpected<std::vector<Error>>;

/// A place in a document; both count from 1, columns in characters.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Collects what is wrong with one document, so that its author sees all of it at once.
class Diagnostics {
 public:
  explicit Diagnostics(std::string file_name) : m_file_name(std::move(file_name)) {}

  void add(Position position, std::string message, std::string hint = {});
  bool empty() const { return m_errors.empty(); }
  /// The errors in the order of their places; leaves none behind.
  std::vector<Error> take();

 private:
  std::string m_file_name;
  std::vector<Error> m_errors;
};

}  // namespace spillway::pipeline
