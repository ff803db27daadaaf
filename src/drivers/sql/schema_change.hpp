#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drivers/sql/write_config.hpp"
#include "engine/type.hpp"
#include "util/error.hpp"

namespace spillway::drivers::sql {

/// What of a table's column decides whether an input fits, whatever its type.
struct TargetColumn {
  std::string name;
  std::string type = {};  ///< in the server's words, for messages
  bool is_nullable = true;
  bool has_default = false;   ///< or counts by itself (identity, auto_increment)
  bool is_generated = false;  ///< computed by the server: it takes no value
};

enum class NameMatch { exact, ignore_case };

/// Which column of the input goes where.
struct ColumnPlan {
  struct Match {
    std::size_t source = 0;
    std::size_t target = 0;
  };
  std::vector<Match> matches;        ///< in the order of the input
  std::vector<std::size_t> added;    ///< columns of the input that the table is to get
  std::vector<std::size_t> ignored;  ///< columns of the input that are left out
};

/// Compares an input with the table that it is written to. A column that only the input has fails, is added or is
/// ignored, as the config says. One that only the table has takes its default; without one it fails, or becomes NULL
/// unless the policy is fail; a NOT NULL column without default always fails. Generated columns and, for upserts,
/// key columns that are missing fail too. Throws invalid_config with all differences in one message.
ColumnPlan plan_columns(const engine::Schema& input, const std::vector<TargetColumn>& table,
                        const WriteConfig& config, NameMatch name_match);

/// What of several columns cannot be written, told together.
class ColumnProblems {
 public:
  void add(const Error& error);
  /// Throws invalid_config with all of them and the hint of the first; or because nothing is left to write.
  void check(std::size_t writable_columns) const;

 private:
  std::vector<std::string> m_messages;
  std::string m_hint;
};

}  // namespace spillway::drivers::sql
