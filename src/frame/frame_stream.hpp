#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/result.hpp"
#include "engine/source.hpp"
#include "util/cancel.hpp"
#include "util/error.hpp"

namespace spillway::frame {

/// The rows of a step on their way to the one step that reads them (materialize: stream): no DataFrame is made of
/// them. The step that makes them puts chunks in, a statement of the other one takes them out, a few chunks behind.
/// Thread-safe.
class FrameStream : public engine::ChunkSource {
 public:
  static constexpr std::size_t k_chunks_ahead = 16;

  FrameStream(std::string step_id, engine::Schema schema);

  /// Of the step that makes the rows: waits for room. False when the reading step is over and wants no more; throws
  /// ErrorCode::cancelled when it failed, or when `cancel` is set.
  bool put(engine::Chunk chunk, const CancelToken* cancel);
  /// All rows were put in.
  void finish();
  /// The step failed: whoever reads gets an error instead of an end. Call it once the step's own error was reported.
  void fail();

  /// Of the step that reads them: `cancel`, which outlives the reading, makes a take that waits give up.
  void start_reading(const CancelToken* cancel);
  /// The next chunk; nothing at the end. Throws broken_error() when the step that makes them failed.
  std::optional<engine::Chunk> take();
  /// The reading step is over, whether or not it took all rows. Call it once its own error was reported.
  void end_reading(bool has_failed);

  std::uint64_t rows_taken() const;
  bool was_opened() const;
  bool has_failed() const;
  /// What the reading step's error is when the step that makes the rows failed.
  Error broken_error() const;

  const engine::Schema& schema() const override { return m_schema; }
  /// Throws read_again_error() the second time.
  std::unique_ptr<engine::ChunkReader> open_reader() override;
  Error read_again_error() const override;

 private:
  const std::string m_step_id;
  const engine::Schema m_schema;

  mutable std::mutex m_mutex;  ///< guards all of what follows
  std::condition_variable m_changed;
  std::deque<engine::Chunk> m_chunks;
  const CancelToken* m_reader_cancel = nullptr;
  std::uint64_t m_rows_taken = 0;
  bool m_was_opened = false;
  bool m_is_finished = false;
  bool m_has_failed = false;
  bool m_is_reading_over = false;
  bool m_has_reading_failed = false;
};

}  // namespace spillway::frame
