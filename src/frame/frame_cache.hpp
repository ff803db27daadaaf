#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/database.hpp"
#include "engine/relation.hpp"
#include "frame/data_frame.hpp"
#include "frame/frame_stream.hpp"
#include "frame/spill.hpp"
#include "protocol/messages.hpp"
#include "protocol/sink.hpp"

namespace spillway::frame {

/// When a frame leaves memory (runtime-guide.md, "DataFrame Storage Pattern"; contracts.md, "Environment").
struct SpillPolicy {
  bool force_spill = false;                          ///< E2B_FORCE_SPILL
  std::optional<std::uint64_t> threshold_rows = {};  ///< E2B_SPILL_THRESHOLD: spill a frame with more rows
  std::uint64_t spill_bytes = 0;                     ///< SPILLWAY_SPILL_BYTES: spill a larger frame
  std::uint64_t budget_bytes = 0;                    ///< of all frames in memory together
};

/// Keeps a frame's table in memory while somebody reads it.
using Lease = std::shared_ptr<const void>;

/// An input as a step sees it: where its rows are, and the SELECT that reads them, in the frame's order and types.
struct ResolvedInput {
  std::string key = {};
  std::string from_step = {};
  std::uint64_t rows = 0;
  bool from_memory = false;
  std::filesystem::path artifact = {};  ///< the Parquet file when not from memory
  engine::Schema schema = {};
  std::string select_sql = {};
  Lease lease = nullptr;
  std::shared_ptr<FrameStream> stream = nullptr;  ///< of a streamed one: nobody knows yet how many rows will come

  bool from_spill() const { return !from_memory && stream == nullptr; }
  /// Whether a statement may read the rows: those of a stream are gone once one did.
  bool is_whole() const { return stream == nullptr || !stream->was_opened(); }
};

/// `step_outputs`: every step's DataFrame from the moment it was produced until the worker cleans up. A frame is
/// never lost: it moves from memory to Parquet (spill_df), and a spill that fails leaves it where it was.
/// Thread-safe.
class FrameCache {
 public:
  /// `session_dir` is the run directory; files go to its artifacts/<step_id>/. `database` and `sink` outlive it.
  FrameCache(engine::Database& database, SpillPolicy policy, std::filesystem::path session_dir, protocol::Sink& sink);

  /// Runs `relation` on `connection` and stores its rows as the frame of `step_id`: in memory, or straight to Parquet
  /// when spilling is forced or memory runs short; then spills what exceeds the policy.
  DataFrame materialize(const std::string& step_id, const engine::Relation& relation, engine::Connection& connection,
                        const engine::StatementControl& control);

  /// Runs `relation` on `connection` and hands its rows on to the step that reads them, as they come, instead of
  /// storing them; calls `opened` when that step may start. Returns how many rows went there, which are all of them
  /// unless the other step ended before.
  std::uint64_t stream(const std::string& step_id, const engine::Relation& relation, engine::Connection& connection,
                       const engine::StatementControl& control, const std::function<void()>& opened);
  /// The streamed step failed, and that was reported.
  void fail_stream(const std::string& step_id);
  /// A step is over, and that was reported: the streamed ones among its inputs have nobody to read them any more.
  void end_reading(const std::map<std::string, protocol::InputRef>& inputs, bool has_failed);
  /// What a step's error is when a streamed one among its inputs has failed.
  std::optional<Error> broken_input(const std::map<std::string, protocol::InputRef>& inputs) const;

  /// Finds the frame of each input: memory first, then the spill file; or the stream. Throws input_not_found with the
  /// message of contracts.md when there is none; emits inputs_resolved for each one found. `cancel`, which outlives
  /// the step, ends a statement of the step that waits for a streamed input.
  std::vector<ResolvedInput> resolve_inputs(const std::string& step_id,
                                            const std::map<std::string, protocol::InputRef>& inputs,
                                            const CancelToken* cancel = nullptr);

  /// Moves a frame from memory to artifacts/<step_id>/output.parquet + schema.json. Throws when that cannot be
  /// written; the frame then stays in memory.
  void spill_df(const std::string& step_id, SpillReason reason);
  /// The SELECT that reads a spilled frame with its declared types, or nothing when it was not spilled or its file is
  /// gone.
  std::optional<std::string> load_df_from_spill(const std::string& step_id) const;

  /// Notes why a step has no frame ("it failed", "it produced none"), for the error of whoever asks for it.
  void note_missing(const std::string& step_id, std::string why);

  std::vector<DataFrame> frames() const;

 private:
  struct Entry {
    DataFrame frame;
    std::uint64_t last_used = 0;
    std::weak_ptr<const void> lease;
  };

  DataFrame produce(const std::string& step_id, const std::string& select_sql, const engine::Relation& relation,
                    engine::Connection& connection, const engine::StatementControl& control);
  std::optional<DataFrame> produce_in_memory(DataFrame frame, const std::string& select_sql, bool can_restart,
                                             engine::Connection& connection, const engine::StatementControl& control);
  std::filesystem::path artifacts_of(const std::string& step_id) const {
    return m_session_dir / "artifacts" / step_id;
  }
  /// Notes in the frame, and tells, where it was spilled.
  DataFrame spilled(DataFrame frame, const SpillOutcome& outcome, SpillReason reason);
  std::shared_ptr<FrameStream> find_stream(const std::string& step_id) const;
  std::optional<ResolvedInput> resolve_from_stream(const std::string& from_step, const CancelToken* cancel) const;
  std::optional<ResolvedInput> resolve_from_memory(const std::string& from_step);
  std::optional<ResolvedInput> resolve_from_spill(const std::string& from_step) const;
  void store(const DataFrame& frame);
  bool release_memory(const DataFrame& spilled);
  void apply_policy(const DataFrame& frame);
  bool spill_coldest();
  std::optional<std::string> coldest_unread() const;
  std::uint64_t bytes_in_memory() const;
  std::uint64_t measure_tables();
  std::uint64_t measure_table(const DataFrame& frame);
  std::optional<DataFrame> find(const std::string& step_id) const;
  Error missing_error(const std::string& step_id, const std::string& key, const std::string& from_step) const;

  engine::Database& m_database;
  SpillPolicy m_policy;
  std::filesystem::path m_session_dir;
  protocol::Sink& m_sink;

  mutable std::mutex m_mutex;  ///< guards the four below
  std::map<std::string, Entry> m_step_outputs;
  std::map<std::string, std::shared_ptr<FrameStream>> m_streams;  ///< until the step that reads one is over
  std::map<std::string, std::string> m_missing;
  std::uint64_t m_clock = 0;

  std::mutex m_spill_mutex;  ///< one spill at a time, on a connection that the first one makes
  std::optional<engine::Connection> m_spill_connection;
  std::mutex m_measure_mutex;  ///< apart from spilling: a running statement measures while another frame is spilled
  engine::Connection m_measure_connection;
  std::atomic<int> m_producing{0};          ///< statements that fill tables right now
  std::atomic<std::uint64_t> m_started{0};  ///< how many ever did
};

}  // namespace spillway::frame
