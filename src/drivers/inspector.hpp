#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/sql/table_name.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway::drivers {

/// Whom an inspector asks, and as whom.
struct InspectedServer {
  nlohmann::json fields;           ///< of the connection, secrets included
  std::filesystem::path base_dir;  ///< where relative paths of certificates start
  const CancelToken& cancel;
};

/// One thing that was looked at.
struct HealthCheck {
  std::string name;    ///< connect, tls, version, latency, rights
  std::string detail;  ///< what was found
  std::optional<Error> error;
};

struct InspectedColumn {
  std::string name;
  std::string type;  ///< in the server's words
  bool is_nullable = true;
  bool is_key = false;  ///< of the primary key
};

struct InspectedTable {
  sql::TableName name;
  std::string kind;                           ///< table, view, …
  std::optional<std::uint64_t> row_estimate;  ///< the server's own guess, where it has one
  std::vector<InspectedColumn> columns;
};

using SampleRow = std::vector<std::optional<std::string>>;

/// What the command line asks a database about itself: nothing is changed there. One for each family.
class Inspector {
 public:
  virtual ~Inspector() = default;
  /// Looks at the connection, from reaching the server to its rights. Never throws: what is wrong is in the last
  /// check.
  virtual std::vector<HealthCheck> check(const InspectedServer& server) const = 0;
  /// The tables and views that the user sees, system ones left out, in the order of their names; or just one.
  virtual std::vector<InspectedTable> tables(const InspectedServer& server,
                                             const std::optional<sql::TableName>& only) const = 0;
  /// A table's first rows as texts, as many values a row as `table` has columns.
  virtual std::vector<SampleRow> sample(const InspectedServer& server, const InspectedTable& table,
                                        std::uint64_t rows) const = 0;
};

using InspectorRegistry = std::map<std::string, std::unique_ptr<Inspector>>;
/// By family of connections.
InspectorRegistry builtin_inspectors();

}  // namespace spillway::drivers
