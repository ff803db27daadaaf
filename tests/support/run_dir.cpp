#include "support/run_dir.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/json_schema.hpp"

namespace spillway::testing {
namespace fs = std::filesystem;
namespace {

using Problems = std::vector<std::string>;

void add(Problems& problems, const Problems& more) { problems.insert(problems.end(), more.begin(), more.end()); }

void check_events(const RunDir& run, Problems& problems) {
  std::uint64_t seq = 0;
  for (const Json& event : run.events()) {
    const std::string name = event.value("event", "");
    if (!schema_exists("events/" + name)) {
      problems.push_back("event '" + name + "' has no schema");
    } else {
      add(problems, schema_errors(event, "events/" + name));
    }
    if (event.value("seq", std::uint64_t{0}) != ++seq) problems.push_back("seq jumps at " + event.dump());
    if (event.value("session", "") != run.path().filename()) problems.push_back("foreign session: " + event.dump());
  }
  if (seq == 0) problems.emplace_back("there are no events");
}

void check_lines(const fs::path& path, const std::string& schema_name, Problems& problems) {
  for (const Json& line : read_json_lines(path)) add(problems, schema_errors(line, schema_name));
}

void check_spill(const RunDir& run, const Json& step, Problems& problems) {
  const Json paths = step.value("spill_paths", Json());
  if (step.value("spill_used", false) != paths.is_object()) problems.push_back("spill_used lies: " + step.dump());
  if (!paths.is_object()) return;
  if (!fs::exists(run.path() / paths.value("parquet", ""))) problems.push_back("no Parquet file: " + paths.dump());
  const fs::path schema = run.path() / paths.value("schema", "");
  if (!fs::exists(schema)) {
    problems.push_back("no schema file: " + paths.dump());
    return;
  }
  const Json frame = read_json(schema);
  add(problems, schema_errors(frame, "frame_schema"));
  if (frame.value("row_count", Json()) != step.value("rows_out", Json())) {
    problems.push_back("schema.json and run card count different rows: " + step.dump());
  }
}

void check_card(const RunDir& run, Problems& problems) {
  const Json card = run.card();
  add(problems, schema_errors(card, "run_card"));
  if (card.value("session_id", "") != run.path().filename()) problems.emplace_back("the run card is of another run");
  for (const Json& step : card.value("steps", Json::array())) {
    check_spill(run, step, problems);
    for (const Json& artifact : step.value("artifacts", Json::array())) {
      const std::string file = artifact.get<std::string>();
      if (!fs::exists(run.path() / file)) problems.push_back("listed but not there: " + file);
    }
  }
}

void check_status(const RunDir& run, Problems& problems) {
  const Json status = run.status();
  const Json card = run.card();
  add(problems, schema_errors(status, "status"));
  const Json last = run.events().back();
  const auto agree = [&](const char* what, const Json& a, const Json& b) {
    if (a != b) problems.push_back(std::string(what) + " differs: " + a.dump() + " and " + b.dump());
  };
  agree("status of card and status.json", card.value("status", Json()), status.value("status", Json()));
  agree("status of card and last event", card.value("status", Json()), last.value("status", Json()));
  agree("total_rows of card and last event", card.value("total_rows", Json()), last.value("total_rows", Json()));
  for (const char* count : {"steps_completed", "steps_total"}) {
    agree(count, status.value(count, Json()), last.value(count, Json()));
  }
}

void check_leftovers(const RunDir& run, Problems& problems) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(run.path())) {
    if (entry.path().extension() == ".tmp") problems.push_back("left over: " + entry.path().string());
  }
  if (fs::exists(run.path() / "tmp")) problems.emplace_back("left over: tmp");
}

}  // namespace

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Json read_json(const fs::path& path) { return Json::parse(read_text(path)); }

std::vector<Json> read_json_lines(const fs::path& path) {
  std::istringstream text(read_text(path));
  std::vector<Json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

RunDir RunDir::latest(const fs::path& folder) {
  const fs::path link = folder / "logs" / "latest";
  return RunDir(link.parent_path() / fs::read_symlink(link));
}

std::vector<Json> RunDir::events(std::string_view name) const {
  std::vector<Json> found = events();
  std::erase_if(found, [&](const Json& event) { return event.value("event", "") != name; });
  return found;
}

Json RunDir::card_step(std::string_view step_id) const {
  const Json whole = card();
  for (const Json& step : whole["steps"]) {
    if (step["step_id"] == step_id) return step;
  }
  return nullptr;
}

std::vector<std::string> RunDir::problems() const {
  Problems problems;
  try {
    check_events(*this, problems);
    check_lines(m_path / "metrics.jsonl", "metrics", problems);
    check_lines(m_path / "commands.jsonl", "commands", problems);
    check_card(*this, problems);
    check_status(*this, problems);
    check_leftovers(*this, problems);
  } catch (const std::exception& exception) {
    problems.emplace_back(exception.what());
  }
  return problems;
}

}  // namespace spillway::testing
