#pragma once

#include <map>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/file/strict_column.hpp"
#include "drivers/file/type_guess.hpp"
#include "engine/result.hpp"

namespace spillway::drivers::file {

/// What some rows, read as texts, tell about the types of their columns.
class TextSample {
 public:
  /// Reads the rows of `selects`; each has the columns `names`, all of them VARCHAR.
  TextSample(const StepContext& context, std::vector<std::string> names, const std::vector<std::string>& selects,
             const TextFormats& formats);

  const TypeGuess& guess(const std::string& name) const { return m_guesses[index(name)]; }
  /// Whether every text of the column is written in the config's own date_format or timestamp_format.
  bool is_written_as_date(const std::string& name) const { return m_is_date[index(name)]; }
  bool is_written_as_timestamp(const std::string& name) const { return m_is_timestamp[index(name)]; }

 private:
  std::size_t index(const std::string& name) const { return m_indexes.at(name); }
  void observe(const engine::Chunk& chunk);
  std::vector<bool> written_as(const StepContext& context, const std::vector<std::string>& selects,
                               const std::string& format) const;

  std::vector<std::string> m_names;
  std::map<std::string, std::size_t> m_indexes;
  std::vector<TypeGuess> m_guesses;
  std::vector<bool> m_is_date;
  std::vector<bool> m_is_timestamp;
};

/// How many rows of each file a sample reads, as SQL: "" or " LIMIT n". The config's sample_rows are spread over
/// them.
std::string sample_limit_sql(const StepContext& context, std::size_t file_count);

/// TIMESTAMP, or TIMESTAMPTZ when the strptime format reads a zone.
engine::Type type_of_timestamp_format(const std::string& format);

}  // namespace spillway::drivers::file
