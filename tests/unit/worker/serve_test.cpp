#include "worker/serve.hpp"

#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "protocol/line_reader.hpp"
#include "protocol/messages.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"

namespace spillway::worker {
namespace {

using protocol::Json;

/// The answers of a worker that is sent these lines.
std::vector<Json> answers_to(const std::string& lines, Lines kind = Lines::plain) {
  int in[2];
  int out[2];
  EXPECT_EQ(::pipe(in), 0);
  EXPECT_EQ(::pipe(out), 0);
  Fd in_read(in[0]);
  Fd out_read(out[0]);
  std::thread host([&] {
    const Fd in_write(in[1]);
    write_all(in_write.get(), lines, "pipe");
  });
  std::thread worker([&] {
    const Fd out_write(out[1]);
    EXPECT_EQ(serve(in_read.get(), out_write.get(), kind), 0);
  });
  protocol::LineReader reader(out_read.get());
  std::vector<Json> answers;
  while (auto line = reader.next()) answers.push_back(Json::parse(line->value()));
  host.join();
  worker.join();
  return answers;
}

TEST(Serve, AnswersLineByLine) {
  const std::vector<Json> answers =
      answers_to("{\"cmd\": \"ping\", \"data\": 1}\n{\"cmd\": \"ping\", \"data\": 2}\n");
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0]["status"], "pong");
  EXPECT_EQ(answers[1]["echo"], 2);
}

TEST(Serve, WhatIsNoCommandIsAnsweredAndTheNextOneHandled) {
  const std::string over_long(protocol::k_max_line_bytes + 10, 'x');
  const std::vector<Json> answers =
      answers_to("nonsense\n{\"cmd\": \"fly\"}\n" + over_long + "\n{\"cmd\": \"ping\"}\n");
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0]["error"], "line is no JSON object: nonsense");
  EXPECT_EQ(answers[1]["error"],
            "unknown command 'fly'; known are ping, prepare, exec_step, cancel, cleanup, resume, "
            "files_start, files_data, files_at, files_inline, files_end");
  EXPECT_EQ(answers[2]["error"], "line is longer than the limit of 16777216 bytes");
  EXPECT_EQ(answers[3]["status"], "pong");
}

TEST(Serve, ANumberedCommandCountsOnce) {
  const std::vector<Json> answers = answers_to(
      "{\"seq\":1,\"cmd\":\"ping\",\"data\":1}\n{\"seq\":2,\"cmd\":\"pi\n{\"seq\":1,\"cmd\":\"ping\"}\n"
      "{\"seq\":2,\"cmd\":\"ping\",\"data\":2}\n",
      Lines::numbered);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0]["echo"], 1);
  EXPECT_EQ(answers[0]["seq"], 1);
  EXPECT_EQ(answers[1]["echo"], 2);
  EXPECT_EQ(answers[1]["seq"], 2);
}

TEST(Serve, WhatANumberedWorkerDoesNotTake) {
  const std::string over_long(protocol::k_max_line_bytes + 10, 'x');
  const std::vector<Json> answers =
      answers_to("{\"cmd\":\"ping\"}\n{\"seq\":2,\"cmd\":\"ping\"}\n" + over_long +
                     "\n{\"seq\":1,\"cmd\":\"files_data\",\"bytes\":1}\n{\"seq\":2,\"cmd\":\"resume\",\"after\":9}\n",
                 Lines::numbered);
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(answers[0]["error"], "a numbered worker takes no command without the number 'seq'");
  EXPECT_EQ(answers[1]["error"], "command 2 came where 1 was to come");
  EXPECT_EQ(answers[2]["error"], "line is longer than the limit of 16777216 bytes");
  EXPECT_EQ(answers[3]["error"], "a numbered worker takes files by files_at, not by files_data");
  EXPECT_EQ(answers[4]["error"], "cannot resume after line 9: there are the lines from 1 to 4");
}

TEST(Serve, ResumesWithTheLinesThatWereLost) {
  const std::vector<Json> answers = answers_to(
      "{\"seq\":1,\"cmd\":\"ping\",\"data\":1}\n{\"seq\":2,\"cmd\":\"ping\",\"data\":2}\n"
      "{\"seq\":3,\"ack\":1,\"cmd\":\"resume\",\"after\":1}\n",
      Lines::numbered);
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[2]["seq"], 2);
  EXPECT_EQ(answers[2]["echo"], 2);
}

TEST(Serve, APlainWorkerDoesNotResume) {
  const std::vector<Json> answers = answers_to("{\"cmd\":\"resume\",\"after\":1}\n");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]["error"], "cannot resume: this worker does not number its lines");
  EXPECT_EQ(answers[0]["hint"], "start it with --numbered");
}

TEST(Serve, EndsWithItsInput) { EXPECT_TRUE(answers_to("").empty()); }

}  // namespace
}  // namespace spillway::worker
