#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace spillway::testing {

using Json = nlohmann::json;

std::string read_text(const std::filesystem::path& path);
Json read_json(const std::filesystem::path& path);
/// The lines of a .jsonl file.
std::vector<Json> read_json_lines(const std::filesystem::path& path);

/// A run directory as its readers see it.
class RunDir {
 public:
  explicit RunDir(std::filesystem::path path) : m_path(std::move(path)) {}
  /// The run that `folder`/logs/latest points to.
  static RunDir latest(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return m_path; }
  std::vector<Json> events() const { return read_json_lines(m_path / "events.jsonl"); }
  /// The events of that name, in order.
  std::vector<Json> events(std::string_view name) const;
  std::vector<Json> commands() const { return read_json_lines(m_path / "commands.jsonl"); }
  std::vector<Json> metrics() const { return read_json_lines(m_path / "metrics.jsonl"); }
  Json card() const { return read_json(m_path / "artifacts/_system/run_card.json"); }
  Json status() const { return read_json(m_path / "status.json"); }
  /// The run card's entry of a step; null when there is none.
  Json card_step(std::string_view step_id) const;

  /// Everything that breaks contracts.md: each line and file against its schema, an event without a schema, seq that
  /// jumps, a session that is not this one's, run card and status that disagree, listed files that do not exist, and
  /// temporary files left over.
  std::vector<std::string> problems() const;

 private:
  std::filesystem::path m_path;
};

}  // namespace spillway::testing
