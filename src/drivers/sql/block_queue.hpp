#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace spillway::drivers::sql {

/// Blocks of bytes on their way from one thread to another, a few megabytes ahead: a server and the engine work side
/// by side, instead of each waiting for the other. An error of one end is thrown at the other.
class BlockQueue {
 public:
  static constexpr std::size_t k_block_bytes = std::size_t{512} * 1024;  ///< about
  static constexpr std::size_t k_blocks_ahead = 16;

  /// Of the end that makes blocks: one to fill, with room for a whole one. What is in it is of no use; but memory
  /// that was used before is there at once, where new memory would have to be cleared first.
  std::string used_block();
  /// Waits for room. False when nobody takes them any more; throws why, when there is a reason.
  bool push(std::string block);
  /// No more blocks will come; with an error, pop throws it once those before it are taken.
  void finish(std::exception_ptr error = nullptr);

  /// Of the end that takes them: waits for the next one; nothing at the end.
  std::optional<std::string> pop();
  /// A block that was popped and is done with: used_block gives it out again.
  void reuse(std::string block);
  /// No more blocks will be taken.
  void close(std::exception_ptr error = nullptr);

 private:
  std::mutex m_mutex;  ///< guards all of it
  std::condition_variable m_changed;
  std::deque<std::string> m_blocks;
  std::vector<std::string> m_used;  ///< at most k_blocks_ahead
  std::exception_ptr m_finish_error;
  std::exception_ptr m_close_error;
  bool m_is_finished = false;
  bool m_is_closed = false;
};

}  // namespace spillway::drivers::sql
