#include "frame/frame_stream.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace spillway::frame {
namespace {

/// How soon a step that waits for the other one notices that it was cancelled.
constexpr auto k_poll_interval = std::chrono::milliseconds(50);

class StreamReader : public engine::ChunkReader {
 public:
  explicit StreamReader(FrameStream& stream) : m_stream(stream) {}

  std::uint64_t read(engine::ChunkWriter& chunk) override {
    const std::optional<engine::Chunk> next = m_stream.take();
    return next ? chunk.share(*next) : 0;
  }

 private:
  FrameStream& m_stream;
};

}  // namespace

FrameStream::FrameStream(std::string step_id, engine::Schema schema)
    : m_step_id(std::move(step_id)), m_schema(std::move(schema)) {}

bool FrameStream::put(engine::Chunk chunk, const CancelToken* cancel) {
  std::unique_lock lock(m_mutex);
  while (!m_is_reading_over && m_chunks.size() >= k_chunks_ahead) {
    m_changed.wait_for(lock, k_poll_interval);
    if (cancel != nullptr && cancel->is_cancelled()) spillway::fail(ErrorCode::cancelled, "cancelled");
  }
  if (m_has_reading_failed) spillway::fail(ErrorCode::cancelled, "cancelled: the step that reads its rows failed");
  if (m_is_reading_over) return false;
  m_chunks.push_back(std::move(chunk));
  lock.unlock();
  m_changed.notify_all();
  return true;
}

void FrameStream::finish() {
  {
    const std::scoped_lock lock(m_mutex);
    m_is_finished = true;
  }
  m_changed.notify_all();
}

void FrameStream::fail() {
  {
    const std::scoped_lock lock(m_mutex);
    m_has_failed = true;
  }
  m_changed.notify_all();
}

void FrameStream::start_reading(const CancelToken* cancel) {
  const std::scoped_lock lock(m_mutex);
  m_reader_cancel = cancel;
}

std::optional<engine::Chunk> FrameStream::take() {
  std::unique_lock lock(m_mutex);
  while (m_chunks.empty()) {
    if (m_is_finished) return std::nullopt;
    if (m_has_failed) spillway::fail(broken_error());
    if (m_reader_cancel != nullptr && m_reader_cancel->is_cancelled())
      spillway::fail(ErrorCode::cancelled, "cancelled");
    m_changed.wait_for(lock, k_poll_interval);
  }
  engine::Chunk chunk = std::move(m_chunks.front());
  m_chunks.pop_front();
  m_rows_taken += chunk.row_count();
  lock.unlock();
  m_changed.notify_all();
  return chunk;
}

void FrameStream::end_reading(bool has_failed) {
  {
    const std::scoped_lock lock(m_mutex);
    m_is_reading_over = true;
    m_has_reading_failed = has_failed;
    m_chunks.clear();
  }
  m_changed.notify_all();
}

std::uint64_t FrameStream::rows_taken() const {
  const std::scoped_lock lock(m_mutex);
  return m_rows_taken;
}

bool FrameStream::has_failed() const {
  const std::scoped_lock lock(m_mutex);
  return m_has_failed;
}

Error FrameStream::broken_error() const {
  return make_error(ErrorCode::cancelled,
                    fmt::format("cancelled: step '{}', whose rows it reads, failed", m_step_id));
}

bool FrameStream::was_opened() const {
  const std::scoped_lock lock(m_mutex);
  return m_was_opened;
}

std::unique_ptr<engine::ChunkReader> FrameStream::open_reader() {
  {
    const std::scoped_lock lock(m_mutex);
    if (std::exchange(m_was_opened, true)) spillway::fail(read_again_error());
  }
  return std::make_unique<StreamReader>(*this);
}

Error FrameStream::read_again_error() const {
  return make_error(ErrorCode::unsupported,
                    fmt::format("the rows of step '{}' can be read once, as it has materialize: stream", m_step_id),
                    fmt::format("leave materialize out of step '{}'", m_step_id));
}

}  // namespace spillway::frame
