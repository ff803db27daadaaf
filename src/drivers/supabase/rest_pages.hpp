#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "drivers/sql/row_source.hpp"
#include "drivers/supabase/rest_client.hpp"
#include "drivers/supabase/text_decode.hpp"

namespace spillway::drivers::supabase {

/// A column that the rows are in the order of.
struct PageKey {
  std::string name;
  bool is_descending = false;
  bool is_nullable = true;
  std::size_t cell = 0;  ///< which of the selected values it is
};

/// What to read, and in which order.
struct PagePlan {
  sql::TableName table;
  std::vector<std::string> select;  ///< items of PostgREST's select
  std::size_t column_count = 0;     ///< of these items are the rows'; the others only serve the order
  std::vector<PageKey> keys;        ///< none: only a table of one page can be read
  std::string filter;               ///< as PostgREST's logic, or empty
  std::optional<std::uint64_t> limit;
  std::uint64_t page_rows = 0;
};

/// The one part that sql::RowSource reads over REST: a page at a time, each of which begins behind the last row of
/// the one before. So no row is read twice, and one that is skipped shows in the count that the first page brings.
class RestPages {
 public:
  RestPages(std::shared_ptr<RestClient> client, PagePlan plan)
      : m_client(std::move(client)), m_plan(std::move(plan)) {}

  /// Fetches the first page.
  void start() { fetch(); }
  std::size_t next_rows(sql::RowBatch& batch, std::size_t max_rows);

 private:
  void fetch();
  void read_count(const http::Response& response);
  std::string condition() const;
  std::string behind_last_row() const;
  bool is_over() const { return m_rows_read >= m_expected; }
  [[noreturn]] void fail_count() const;

  std::shared_ptr<RestClient> m_client;
  PagePlan m_plan;
  bool m_is_first = true;
  std::uint64_t m_expected = 0;   ///< rows in all
  std::uint64_t m_rows_read = 0;  ///< those of this page included
  nlohmann::json m_page = nlohmann::json::array();
  std::size_t m_row = 0;  ///< of the page
  std::vector<std::optional<std::string>> m_last_keys;
};

/// The plan for a step's config, and how its columns are decoded.
struct RestQuery {
  PagePlan plan;
  std::vector<TextColumn> columns;
};
RestQuery rest_query(RestClient& client, const nlohmann::json& config);

}  // namespace spillway::drivers::supabase
