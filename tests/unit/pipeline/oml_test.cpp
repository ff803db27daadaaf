#include "pipeline/oml.hpp"

#include "documents.hpp"

namespace spillway::pipeline {
namespace {

using Errors = std::vector<std::string>;

TEST(Oml, RequiredKeysAreMissedAllAtOnce) {
  EXPECT_EQ(errors_of("description: nothing else\n"),
            (Errors{"p.yaml:1:1: error: missing key 'oml_version': the pipeline needs it\n"
                    "  hint: write oml_version: \"0.1.0\"",
                    "p.yaml:1:1: error: missing key 'name': the pipeline needs it\n"
                    "  hint: give the pipeline a name",
                    "p.yaml:1:1: error: missing key 'steps': the pipeline needs it\n"
                    "  hint: list the steps, each with id and component"}));
}

TEST(Oml, OptionalKeysAreAccepted) {
  EXPECT_EQ(errors_of("description: d\nmetadata: {owner: me, since: 2024}\n" + document_of(k_three_steps)), Errors{});
}

TEST(Oml, ForeignKeysAreToldWhatToWriteInstead) {
  for (const char* key : {"version", "connectors", "tasks", "outputs"}) {
    const Errors errors = errors_of(std::string(key) + ": x\n" + document_of(k_three_steps));
    ASSERT_EQ(errors.size(), 1U) << key;
    EXPECT_NE(errors[0].find(" instead"), std::string::npos) << errors[0];
  }
}

TEST(Oml, AStepOfOneNeedMayWriteItAsAString) {
  const std::string with_list = document_of(
      "- {id: a, component: filesystem.csv_extractor, config: {path: a}}\n"
      "- {id: b, component: filesystem.csv_writer, needs: [a], config: {path: b}}\n");
  std::string with_string = with_list;
  with_string.replace(with_string.find("[a]"), 3, "a");
  EXPECT_EQ(compiled_or_fail(with_list).manifest.hash(), compiled_or_fail(with_string).manifest.hash());
}

TEST(Oml, ModeIsDerivedFromTheComponent) {
  const Manifest manifest = compiled_or_fail(document_of(k_three_steps)).manifest;
  EXPECT_EQ(manifest.find("extract")->mode, Mode::read);
  EXPECT_EQ(manifest.find("stats")->mode, Mode::transform);
  EXPECT_EQ(manifest.find("write")->mode, Mode::write);
}

TEST(Oml, IdsThatWereMeantAsTextAskForQuotes) {
  EXPECT_EQ(errors_of(document_of("- {id: 1, component: filesystem.csv_extractor, config: {path: a}}\n")),
            Errors{"p.yaml:4:8: error: invalid 'id': must be a string, not an integer\n  hint: quote it: \"1\""});
}

TEST(Oml, ANullConfigIsAnEmptyOne) {
  EXPECT_EQ(errors_of(document_of("- id: a\n  component: filesystem.csv_extractor\n  config:\n")),
            Errors{"p.yaml:6:3: error: missing option 'path' of step 'a': filesystem.csv_extractor needs it\n"
                   "  hint: path: The file, a glob such as data/*.csv, or a list of these. Relative to the current "
                   "directory."});
}

}  // namespace
}  // namespace spillway::pipeline
