#include <chrono>

#include <fmt/format.h>

#include "documents.hpp"

namespace spillway::pipeline {
namespace {

using Names = std::vector<std::string>;

std::string extractor(const std::string& id, const std::string& needs = "") {
  return fmt::format("- {{id: {}, component: filesystem.csv_extractor, config: {{path: x}}{}}}\n", id,
                     needs.empty() ? "" : ", needs: " + needs);
}

std::string processor(const std::string& id, const std::string& needs = "") {
  return fmt::format("- {{id: {}, component: duckdb.processor, config: {{query: SELECT 1}}{}}}\n", id,
                     needs.empty() ? "" : ", needs: " + needs);
}

std::string writer(const std::string& id, const std::string& needs = "") {
  return fmt::format("- {{id: {}, component: filesystem.csv_writer, config: {{path: x}}{}}}\n", id,
                     needs.empty() ? "" : ", needs: " + needs);
}

/// "id<need,need" of each step in the manifest's order, or the messages of the errors.
Names graph_of(const std::string& steps) {
  const auto compiled = compile(document_of(steps), "p.yaml", built_in_catalog());
  Names names;
  if (!compiled) {
    for (const Error& error : compiled.error()) names.push_back(error.message);
    return names;
  }
  for (const ManifestStep& step : compiled->manifest.steps) {
    std::string text = step.id + "<";
    for (const std::string& need : step.needs) text += need + ",";
    text.pop_back();
    names.push_back(text);
  }
  return names;
}

TEST(Graph, AStepWithoutNeedsFollowsTheOneBefore) {
  EXPECT_EQ(graph_of(extractor("a") + processor("b") + writer("c")), (Names{"a", "b<a", "c<b"}));
}

TEST(Graph, AnExtractorWithoutNeedsFollowsNothing) {
  EXPECT_EQ(graph_of(extractor("a") + extractor("b") + processor("c", "[a, b]") + writer("d")),
            (Names{"a", "b", "c<a,b", "d<c"}));
}

TEST(Graph, AnExtractorMayWaitForAWriter) {
  EXPECT_EQ(graph_of(extractor("a") + writer("b") + extractor("c", "b") + writer("d")),
            (Names{"a", "b<a", "c<b", "d<c"}));
}

TEST(Graph, StepsAreSortedByNeedAndStayInDocumentOrderOtherwise) {
  EXPECT_EQ(graph_of(writer("w", "p") + processor("p", "[x2, x1]") + extractor("x1") + extractor("x2")),
            (Names{"x1", "x2", "p<x2,x1", "w<p"}));
}

TEST(Graph, NeedsKeepTheirOrderBecauseInputsDo) {
  EXPECT_EQ(graph_of(extractor("a") + extractor("b") + processor("c", "[b, a]") + writer("d")),
            (Names{"a", "b", "c<b,a", "d<c"}));
}

TEST(Graph, ACycleIsPrintedWhole) {
  EXPECT_EQ(graph_of(processor("a", "c") + processor("b", "a") + processor("c", "b") + writer("d")),
            Names{"cycle of needs 'a -> b -> c -> a': each of these steps waits for the one before it"});
}

TEST(Graph, EveryCycleIsReportedOnce) {
  EXPECT_EQ(graph_of(processor("a", "b") + processor("b", "a") + processor("c", "[d, a]") + processor("d", "c")),
            (Names{"cycle of needs 'a -> b -> a': each of these steps waits for the one before it",
                   "cycle of needs 'c -> d -> c': each of these steps waits for the one before it"}));
}

TEST(Graph, AStepThatFollowsACycleIsNoCycle) {
  EXPECT_EQ(graph_of(writer("w", "a") + processor("a", "b") + processor("b", "a")),
            Names{"cycle of needs 'a -> b -> a': each of these steps waits for the one before it"});
}

TEST(Graph, AStepCannotNeedItself) {
  EXPECT_EQ(graph_of(extractor("a") + processor("b", "[a, b]") + writer("c")),
            Names{"invalid need 'b': a step cannot need itself"});
}

TEST(Graph, WritersAndProcessorsNeedAnInput) {
  EXPECT_EQ(graph_of(writer("a") + processor("b", "[]")),
            (Names{"step without input 'a': filesystem.csv_writer requires 'df' input",
                   "step without input 'b': duckdb.processor requires 'df' input"}));
}

TEST(Graph, AWriterIsNoInput) {
  EXPECT_EQ(graph_of(extractor("a") + writer("b") + writer("c")),
            Names{"invalid input 'b' of step 'c': filesystem.csv_writer is a writer and produces no DataFrame"});
}

TEST(Graph, OneFrameMayFeedSeveralWriters) {
  EXPECT_EQ(graph_of(extractor("a") + writer("b", "a") + writer("c", "a") + writer("d", "a")),
            (Names{"a", "b<a", "c<a", "d<a"}));
}

TEST(Graph, AFrameThatNobodyReadsIsWarnedAbout) {
  const Compiled compiled = compiled_or_fail(document_of(extractor("a") + extractor("b") + writer("c")));
  ASSERT_EQ(compiled.warnings.size(), 1U);
  EXPECT_EQ(compiled.warnings[0].message, "unread step 'a': no step reads its DataFrame");
}

TEST(Graph, FiveThousandStepsInOneChainOrOneLoopAreNoProblem) {
  std::string chain = extractor("s0");
  std::string loop = processor("s0", "s4999");
  for (int i = 1; i < 5000; ++i) {
    chain += processor(fmt::format("s{}", i));
    loop += processor(fmt::format("s{}", i));
  }
  EXPECT_EQ(graph_of(chain).size(), 5000U);
  EXPECT_EQ(graph_of(loop).size(), 1U);
}

TEST(Graph, ThousandsOfUnknownNeedsAreReportedQuickly) {
  std::string steps = extractor("x");
  for (int i = 0; i < 1000; ++i) steps += processor(fmt::format("step-{}", i), fmt::format("stap_{}", i));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(graph_of(steps).size(), 1000U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace spillway::pipeline
