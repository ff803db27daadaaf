#include <filesystem>

#include "pipeline/component.hpp"
#include "sandbox/channel.hpp"
#include "support/temp_dir.hpp"
#include "util/file.hpp"

namespace spillway::sandbox {
namespace {

using protocol::Json;
using namespace std::chrono_literals;

/// The next answer; events and metrics on the way are passed over.
protocol::Response next_answer(Channel& channel) {
  for (;;) {
    const auto message = channel.receive(60s);
    if (!message) return {"nothing came", Json::object()};
    if (const auto* response = std::get_if<protocol::Response>(&*message)) return *response;
  }
}

TEST(InProcessChannel, CommandsGoInAndAnswersComeOutInOrder) {
  const auto channel = open_in_process_channel();
  for (int i = 0; i < 3; ++i) channel->send(protocol::PingCommand{i});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(next_answer(*channel).body["echo"], i);
}

TEST(InProcessChannel, ReceiveComesBackWhenNothingIsThere) {
  const auto channel = open_in_process_channel();
  EXPECT_FALSE(channel->receive(0ms));
}

TEST(InProcessChannel, TheBuiltInDriversAreLoaded) {
  const testing::TempDir dir;
  const auto channel = open_in_process_channel();
  channel->send(
      protocol::PrepareCommand{"run_1", Json::object(), Json::object(), {{"session_dir", dir.path().string()}}});
  const protocol::Response ready = next_answer(*channel);
  EXPECT_EQ(ready.status, "ready");
  EXPECT_EQ(ready.body["drivers_loaded"], Json(pipeline::ComponentCatalog::built_in().names()));
}

TEST(InProcessChannel, ClosingItInTheMiddleOfAStepEndsTheStep) {
  const testing::TempDir dir;
  std::filesystem::create_directories(dir / "cfg");
  write_file_atomically(dir / "cfg/a.json", Json{{"path", "a.csv"}, {"infer_types", true}}.dump(),
                        Durability::process);
  const auto channel = open_in_process_channel();
  channel->send(
      protocol::PrepareCommand{"run_1", Json::object(), Json::object(), {{"session_dir", dir.path().string()}}});
  channel->send(protocol::ExecStepCommand{"a", "filesystem.csv_extractor", "cfg/a.json", {}});
}

}  // namespace
}  // namespace spillway::sandbox
