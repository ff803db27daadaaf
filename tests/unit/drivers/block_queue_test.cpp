#include "drivers/sql/block_queue.hpp"

#include <atomic>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace spillway::drivers::sql {
namespace {

std::exception_ptr error_of(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

std::string thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& exception) {
    return exception.what();
  }
  return "nothing";
}

TEST(BlockQueue, HandsOnEachBlockOnceAndInOrder) {
  constexpr int k_blocks = 10'000;
  BlockQueue queue;
  std::thread maker([&] {
    for (int i = 0; i < k_blocks; ++i) EXPECT_TRUE(queue.push(std::to_string(i)));
    queue.finish();
  });
  for (int i = 0; i < k_blocks; ++i) EXPECT_EQ(queue.pop(), std::to_string(i));
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_EQ(queue.pop(), std::nullopt);
  maker.join();
}

TEST(BlockQueue, TheMakerIsNoMoreThanSoManyBlocksAhead) {
  BlockQueue queue;
  std::atomic<std::size_t> made = 0;
  std::thread maker([&] {
    while (queue.push("block")) ++made;
  });
  EXPECT_EQ(queue.pop(), "block");
  while (made < BlockQueue::k_blocks_ahead + 1) std::this_thread::yield();
  queue.close();
  maker.join();
  EXPECT_EQ(made, BlockQueue::k_blocks_ahead + 1);
}

TEST(BlockQueue, WhatIsDoneWithIsGivenOutAgain) {
  BlockQueue queue;
  std::string block = queue.used_block();
  EXPECT_GE(block.capacity(), BlockQueue::k_block_bytes);
  block = "rows";
  const char* const memory = block.data();
  queue.push(std::move(block));
  queue.reuse(*queue.pop());
  block = queue.used_block();
  EXPECT_EQ(block.data(), memory);
  EXPECT_GE(block.capacity(), BlockQueue::k_block_bytes);
}

TEST(BlockQueue, WhatAHugeRowTookIsNotKept) {
  BlockQueue queue;
  queue.reuse(std::string(10 * BlockQueue::k_block_bytes, 'x'));
  EXPECT_LT(queue.used_block().capacity(), 2 * BlockQueue::k_block_bytes);
}

TEST(BlockQueue, AnErrorOfTheMakerComesAfterItsBlocks) {
  BlockQueue queue;
  queue.push("first");
  queue.finish(error_of("the frame cannot be read"));
  EXPECT_EQ(queue.pop(), "first");
  EXPECT_EQ(thrown_by([&] { queue.pop(); }), "the frame cannot be read");
}

TEST(BlockQueue, AnErrorOfTheTakerIsTheMakersAlsoWhileItWaits) {
  BlockQueue queue;
  std::thread taker([&] {
    queue.pop();
    queue.close(error_of("lost the connection"));
  });
  const std::string thrown = thrown_by([&] {
    while (queue.push("block")) {
    }
  });
  EXPECT_EQ(thrown, "lost the connection");
  taker.join();
}

}  // namespace
}  // namespace spillway::drivers::sql
