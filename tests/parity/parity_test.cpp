#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2b_host.hpp"
#include "isolated_worker.hpp"
#include "project.hpp"
#include "sandbox_support.hpp"
#include "support/long_form.hpp"

/// Where a pipeline runs, and whether its frames are spilled, changes nothing that anyone can see but that itself.
namespace spillway::testing {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  std::function<void(const Project&)> set_up;
  enum class Frames { some, none } frames = Frames::some;  ///< none: it fails before there is any
  const char* little_memory = "256MB";
};

void PrintTo(const Case& tested, std::ostream* stream) { *stream << tested.name; }

std::string wide_header(int columns) {
  std::string text;
  for (int i = 0; i < columns; ++i) text += (i == 0 ? "c" : ",c") + std::to_string(i);
  return text;
}

std::string wide_row(int columns) {
  std::string text;
  for (int i = 0; i < columns; ++i) text += (i == 0 ? "" : ",") + std::to_string(i);
  return text;
}

Step step(std::string id, const std::string& component, Json config, std::vector<std::string> needs) {
  return {std::move(id), component, std::move(config), std::move(needs)};
}

constexpr auto k_every_type_sql =
    "SELECT id, sum(id) OVER () AS h, id::DECIMAL(18,4) AS d, id / 3 AS f, (id % 2 = 0) AS b, "
    "DATE '2026-01-01' + id::INTEGER AS dt, TIMESTAMP '2026-01-01 10:00:00.123456' AS ts, "
    "TIMESTAMPTZ '2026-01-01 10:00:00+02' AS tz, INTERVAL 3 DAY AS i, [id, NULL] AS l, {'a': id, 'b': title} AS s, "
    "MAP {title: id} AS m, NULL AS n, ''::VARCHAR AS e, 'x'::BLOB AS bl, uuid '00000000-0000-0000-0000-00000000002a' "
    "AS u "
    "FROM df ORDER BY id";

const Case k_cases[] = {
    {"ThreeSteps",
     [](const Project& project) {
       project.write_pipeline({csv_extractor("films", "films.csv"),
                               processor("stats", "SELECT year, count(*) AS n FROM df GROUP BY year ORDER BY year"),
                               csv_writer("write", "out/stats.csv")});
     }},
    {"JoinOfTwo",
     [](const Project& project) {
       project.write_pipeline(
           {step("films", "filesystem.csv_extractor", {{"path", "films.csv"}}, {}),
            step("people", "filesystem.csv_extractor", {{"path", "people.csv"}}, {}),
            step("join", "duckdb.processor",
                 {{"query", "SELECT title, name FROM df_films JOIN df_people ON id = film ORDER BY ALL"}},
                 {"films", "people"}),
            step("write", "filesystem.parquet_writer", {{"path", "out/joined.parquet"}}, {"join"})});
     }},
    {"JoinOfThree",
     [](const Project& project) {
       project.write_pipeline(
           {step("films", "filesystem.csv_extractor", {{"path", "films.csv"}}, {}),
            step("people", "filesystem.csv_extractor", {{"path", "people.csv"}}, {}),
            step("years", "duckdb.processor", {{"query", "SELECT DISTINCT year FROM df ORDER BY 1"}}, {"films"}),
            step("join", "duckdb.processor",
                 {{"query",
                   "SELECT y.year, title, name FROM df_films f JOIN df_people p ON id = film JOIN df_years y ON "
                   "y.year = f.year ORDER BY ALL"}},
                 {"films", "people", "years"}),
            step("write", "filesystem.json_writer", {{"path", "out/joined.json"}}, {"join"})});
     }},
    {"FanOut",
     [](const Project& project) {
       project.write_pipeline({step("films", "filesystem.csv_extractor", {{"path", "films.csv"}}, {}),
                               step("a", "filesystem.csv_writer", {{"path", "out/a.csv"}}, {"films"}),
                               step("b", "filesystem.json_writer", {{"path", "out/b.json"}}, {"films"}),
                               step("c", "filesystem.parquet_writer", {{"path", "deep/er/c.parquet"}}, {"films"})});
     }},
    {"Streamed",
     [](const Project& project) {
       std::string rows = "id,title\n";
       for (int id = 0; id < 100'000; ++id) rows += std::to_string(id) + ",film " + std::to_string(id) + "\n";
       project.write("many.csv", rows);
       project.write_pipeline({streamed(csv_extractor("many", "many.csv")),
                               streamed(processor("even", "SELECT id, title FROM df WHERE id % 2 = 0")),
                               csv_writer("write", "out/even.csv")});
     }},
    {"StreamedAndBad",
     [](const Project& project) {
       project.write("bad.csv", "id,title\n1,Alien\n2\n");
       project.write_pipeline({streamed(csv_extractor("films", "bad.csv")), csv_writer("write", "out/stats.csv")});
     },
     Case::Frames::none},
    {"NoRows",
     [](const Project& project) {
       project.write_pipeline({csv_extractor("films", "films.csv"), processor("none", "SELECT * FROM df WHERE false"),
                               csv_writer("write", "out/none.csv")});
     }},
    {"ManyColumns",
     [](const Project& project) {
       const int columns = is_long_form() ? 2000 : 200;
       project.write("wide.csv", wide_header(columns) + "\n" + wide_row(columns) + "\n");
       project.write_pipeline({csv_extractor("wide", "wide.csv"), csv_writer("write", "out/wide.csv")});
     },
     Case::Frames::some,
     // Each operator of the engine holds 2,048 rows of every column, 32 KB of text a column.
     "512MB"},
    {"EveryType",
     [](const Project& project) {
       project.write_pipeline({csv_extractor("films", "films.csv"),
                               processor("types", k_every_type_sql),
                               {"write", "filesystem.json_writer", {{"path", "out/types.json"}}}});
     }},
    {"ManyRows",
     [](const Project& project) {
       project.write_pipeline(
           {csv_extractor("films", "films.csv"),
            processor("many", "SELECT range AS n, range % 7 AS m FROM range(" +
                                  std::string(is_long_form() ? "5000000" : "100000") + ") ORDER BY n"),
            processor("sums", "SELECT m, sum(n) AS s FROM df GROUP BY m ORDER BY m"),
            csv_writer("write", "out/sums.csv")});
     }},
    {"FilesByPattern",
     [](const Project& project) {
       for (const char* name : {"a", "b", "c"}) project.write(std::string("parts/") + name + ".csv", "id\n1\n");
       project.write("parts/other.txt", "no");
       project.write_pipeline({csv_extractor("parts", "parts/*.csv"), csv_writer("write", "out/parts.csv")});
     }},
    {"ToStandardOutput",
     [](const Project& project) {
       project.write_pipeline({csv_extractor("films", "films.csv"), csv_writer("write", "-")});
     }},
    {"ReplacesItsInput",
     [](const Project& project) {
       project.write("out/films.csv", "id\n1\n2\n");
       project.write_pipeline({csv_extractor("films", "out/films.csv"),
                               processor("more", "SELECT id + 1 AS id FROM df ORDER BY id"),
                               csv_writer("write", "out/films.csv")});
     }},
    {"SqlThatFails",
     [](const Project& project) {
       project.write_pipeline({csv_extractor("films", "films.csv"), processor("bad", "SELECT nothing FROM df"),
                               csv_writer("write", "out/stats.csv")});
     }},
    {"SqlThatIsDenied",
     [](const Project& project) {
       project.write_pipeline({csv_extractor("films", "films.csv"),
                               processor("bad", "SELECT * FROM read_text('/etc/passwd')"),
                               csv_writer("write", "out/stats.csv")});
     }},
    {"WriterThatFails",
     [](const Project& project) {
       fs::create_directories(project / "out/stats.csv");
       project.write_pipeline({csv_extractor("films", "films.csv"), csv_writer("write", "out/stats.csv")});
     }},
    {"MissingFile",
     [](const Project& project) {
       project.write_pipeline({csv_extractor("films", "nowhere.csv"), csv_writer("write", "out/stats.csv")});
     },
     Case::Frames::none},
    {"FolderAsInput",
     [](const Project& project) {
       project.write("folder/films.csv", "id\n1\n");
       project.write_pipeline({csv_extractor("films", "folder"), csv_writer("write", "out/stats.csv")});
     },
     Case::Frames::none},
    {"BadData",
     [](const Project& project) {
       project.write("bad.csv", "id,title\n1,Alien\n2\n");
       project.write_pipeline({csv_extractor("films", "bad.csv"), csv_writer("write", "out/stats.csv")});
     },
     Case::Frames::none},
};

/// What differs from run to run, or by what is being compared.
void normalise(Json& json, const std::string& session_id) {
  if (json.is_object()) {
    for (const char* key : {"ts", "session", "seq", "session_id", "duration_ms", "started_at", "finished_at"}) {
      json.erase(key);
    }
  }
  if (json.is_structured()) {
    for (Json& element : json) normalise(element, session_id);
  } else if (json.is_string()) {
    auto text = json.get<std::string>();
    for (std::size_t at = 0; (at = text.find(session_id, at)) != std::string::npos;) {
      text.replace(at, session_id.size(), "run");
    }
    json = text;
  }
}

/// What is left of a run when nobody looks at the clock.
struct Seen {
  int exit_code = 0;
  std::string out;
  std::map<std::string, std::string> files;         ///< that it wrote
  std::map<std::string, std::vector<Json>> events;  ///< by step: side by side, steps interleave
  Json card;
};

/// A way to keep frames, and the targets that are compared with the local one.
struct Mode {
  const char* name;
  std::vector<std::string> arguments;
  std::vector<const char*> targets;
};

/// The long form compares everything with everything; the short one sees each target and the two ways to keep frames.
std::vector<Mode> modes(const Case& tested) {
  if (is_long_form()) {
    const std::vector<const char*> targets{"process", "bwrap", "command", "e2b"};
    return {{"in memory", {}, targets},
            {"spilled", {"--force-spill"}, targets},
            {"spilled by rows", {"--spill-threshold", "2"}, targets},
            {"little memory", {"--memory-limit", tested.little_memory}, targets}};
  }
  if (tested.frames == Case::Frames::none) return {{"in memory", {}, {"process", "bwrap", "command", "e2b"}}};
  return {{"in memory", {}, {"process", "command"}}, {"spilled", {"--force-spill"}, {"bwrap", "e2b"}}};
}

/// A run card but for where frames lived.
Json without_places(Json card) {
  for (Json& step : card["steps"]) {
    for (const char* key : {"has_df_in_memory", "spill_used", "spill_paths", "artifacts", "streamed"})
      step.erase(key);
    for (Json& input : step["inputs"]) {
      input.erase("from_memory");
      input.erase("from_spill");
      input.erase("streamed");
    }
  }
  return card;
}

class Parity : public ::testing::TestWithParam<Case> {
 protected:
  /// A run in a folder of its own, which has the same name each time.
  Seen run(const std::string& target, const Mode& mode) {
    SCOPED_TRACE(target + ", " + mode.name);
    fs::remove_all(m_project.path());
    fs::create_directories(m_project.path());
    m_project.write("films.csv", "id,title,year\n1,Alien,1979\n2,Brazil,1985\n3,Clue,1985\n");
    m_project.write("people.csv", "film,name\n1,Scott\n2,Gilliam\n3,Lynn\n1,Weaver\n");
    GetParam().set_up(m_project);
    std::vector<std::string> arguments{"run", "--quiet", "--sandbox=" + target, "pipeline.yaml"};
    arguments.insert(arguments.end(), mode.arguments.begin(), mode.arguments.end());
    if (target == "command") {
      arguments.emplace_back("--");
      for (const std::string& word : isolated_worker()) arguments.push_back(word);
    }
    Project::Environment environment;
    if (target == "e2b") {
      if (!m_e2b) m_e2b.emplace();
      environment = m_e2b->environment();
      // What is left there would be missing here, and from the card.
      arguments.emplace_back("--fetch-frames");
    }
    const ProcessResult result = m_project.spillway(arguments, environment);
    const RunDir run_dir = m_project.latest_run();
    EXPECT_EQ(run_dir.card()["target"], target);
    EXPECT_EQ(run_dir.events("run_start").at(0)["target"], target);
    Seen seen{result.exit_code, result.out + result.err, {}, {}, run_dir.card()};
    const std::string session_id = seen.card["session_id"];
    for (const std::string& file : m_project.files(".")) {
      if (!file.starts_with("logs/")) seen.files[file] = read_text(m_project / file);
    }
    for (Json event : run_dir.events()) {
      if (event["event"] == "run_start") event.erase("target");
      // The card's size is that of its times.
      if (event.value("artifact_type", "") == "run_card") event.erase("size_bytes");
      normalise(event, session_id);
      seen.events[event.contains("step_id") ? event["step_id"].dump() : ""].push_back(event);
    }
    seen.card.erase("target");
    normalise(seen.card, session_id);
    return seen;
  }

  static void expect_same(const Seen& expected, const Seen& actual) {
    EXPECT_EQ(expected.exit_code, actual.exit_code);
    EXPECT_EQ(expected.out, actual.out);
    EXPECT_EQ(expected.files, actual.files);
    EXPECT_EQ(expected.events, actual.events);
    EXPECT_EQ(expected.card, actual.card);
  }

  Project m_project;
  std::optional<E2bHost> m_e2b;
};

/// What a mode does to frames shows in where they lived, and nowhere else.
void expect_same_results(const Seen& expected, const Seen& actual) {
  EXPECT_EQ(expected.exit_code, actual.exit_code);
  EXPECT_EQ(expected.out, actual.out);
  EXPECT_EQ(expected.files, actual.files);
  EXPECT_EQ(without_places(expected.card), without_places(actual.card));
}

TEST_P(Parity, OnEveryTargetInEveryMode) {
  std::optional<Seen> first;
  for (const Mode& mode : modes(GetParam())) {
    SCOPED_TRACE(mode.name);
    const Seen local = run("local", mode);
    if (!first) first = local;
    expect_same_results(*first, local);
    for (const char* target : mode.targets) {
      SCOPED_TRACE(target);
      if (target == std::string_view("process") || no_bwrap_reason().empty()) expect_same(local, run(target, mode));
    }
  }
  if (!no_bwrap_reason().empty()) GTEST_SKIP() << no_bwrap_reason();
}

INSTANTIATE_TEST_SUITE_P(Pipelines, Parity, ::testing::ValuesIn(k_cases),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace spillway::testing
