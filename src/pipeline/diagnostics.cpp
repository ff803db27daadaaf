#include "pipeline/diagnostics.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace spillway::pipeline {

void Diagnostics::add(Position position, std::string message, std::string hint) {
  Error error = make_error(ErrorCode::invalid_pipeline, std::move(message), std::move(hint));
  error.location = Location{m_file_name, position.line, position.column};
  m_errors.push_back(std::move(error));
}

std::vector<Error> Diagnostics::take() {
  std::ranges::stable_sort(
      m_errors, {}, [](const Error& error) { return std::tuple(error.location->line, error.location->column); });
  return std::exchange(m_errors, {});
}

}  // namespace spillway::pipeline
