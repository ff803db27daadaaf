#include "frame/frame_cache.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "engine/sql.hpp"
#include "frame/parquet/file_writer.hpp"
#include "frame/table_size.hpp"

namespace spillway::frame {
namespace fs = std::filesystem;
namespace {

using engine::quote_identifier;
using protocol::Json;

constexpr auto k_pressure_interval = std::chrono::milliseconds(200);

/// Files are named relative to the run directory in everything that is recorded.
std::string artifact_name(const std::string& step_id, const fs::path& path) {
  return fmt::format("artifacts/{}/{}", step_id, path.filename().string());
}

std::string table_of(const std::string& step_id) { return "frames." + quote_identifier(step_id); }

/// What a relation is to the engine: one SELECT. What it publishes lives as long as this.
class RelationStatement {
 public:
  RelationStatement(engine::Database& database, const engine::Relation& relation) : m_relation(relation) {
    if (relation.source) m_source = database.publish(relation.source);
    const std::string rows_sql = m_source ? "FROM " + m_source->from_item() : relation.sql;
    m_select_sql = fmt::format("SELECT * FROM ({}) AS rows", rows_sql);
  }

  const std::string& select_sql() const { return m_select_sql; }
  /// An error of the statement in the words of whoever made the relation. The statement on `connection` is over.
  Error explained(engine::Connection& connection, Error error) const {
    if (m_source) error = m_source->error().value_or(std::move(error));
    return m_relation.explain ? m_relation.explain(connection, std::move(error)) : error;
  }

 private:
  const engine::Relation& m_relation;
  std::unique_ptr<engine::PublishedSource> m_source;
  std::string m_select_sql;
};

/// The columns that a table made of the statement would have. A STRUCT without names could not be stored: it fails
/// here alike whether the frame goes to memory or to Parquet.
engine::Schema frame_schema(engine::Connection& connection, const std::string& select_sql) {
  engine::Schema schema = connection.describe(select_sql);
  for (const engine::Column& column : schema) {
    const bool unnamed =
        column.type.id == engine::TypeId::struct_ && !column.type.names.empty() && column.type.names.front().empty();
    if (unnamed) {
      fail(ErrorCode::unsupported,
           fmt::format("column '{}' cannot be stored: its STRUCT has unnamed members", column.name),
           "name them: {'a': 1, 'b': 2} instead of row(1, 2)");
    }
  }
  return schema;
}

}  // namespace

FrameCache::FrameCache(engine::Database& database, SpillPolicy policy, fs::path session_dir, protocol::Sink& sink)
    : m_database(database),
      m_policy(policy),
      m_session_dir(std::move(session_dir)),
      m_sink(sink),
      m_measure_connection(database.connect()) {
  m_measure_connection.execute("CREATE SCHEMA IF NOT EXISTS frames");
}

DataFrame FrameCache::materialize(const std::string& step_id, const engine::Relation& relation,
                                  engine::Connection& connection, const engine::StatementControl& control) {
  const RelationStatement statement(m_database, relation);
  DataFrame frame;
  try {
    frame = produce(step_id, statement.select_sql(), relation, connection, control);
    if (relation.after) relation.after(connection, frame.row_count);
  } catch (const Exception& exception) {
    fail(statement.explained(connection, exception.error()));
  }
  store(frame);
  apply_policy(frame);
  m_sink.metric("frame_bytes", frame.memory_bytes, "bytes", step_id);
  return find(step_id).value();
}

std::uint64_t FrameCache::stream(const std::string& step_id, const engine::Relation& relation,
                                 engine::Connection& connection, const engine::StatementControl& control,
                                 const std::function<void()>& opened) {
  const RelationStatement statement(m_database, relation);
  std::optional<engine::ResultStream> rows;
  const auto explained = [&](const auto& action) {
    try {
      return action();
    } catch (const Exception& exception) {
      rows.reset();
      fail(statement.explained(connection, exception.error()));
    }
  };
  const auto stream = std::make_shared<FrameStream>(
      step_id, explained([&] { return frame_schema(connection, statement.select_sql()); }));
  {
    const std::scoped_lock lock(m_mutex);
    m_streams[step_id] = stream;
    m_missing[step_id] = "its rows went to the step that reads it, as it has materialize: stream";
  }
  opened();
  engine::StatementControl repeatable = control;
  repeatable.may_repeat = !relation.source && !relation.reads_once;
  explained([&] { rows.emplace(connection.stream(statement.select_sql(), repeatable)); });
  std::uint64_t count = 0;
  while (std::optional<engine::Chunk> chunk = explained([&] { return rows->next(); })) {
    const std::uint64_t chunk_rows = chunk->row_count();
    if (!stream->put(*std::move(chunk), control.cancel)) return stream->rows_taken();
    count += chunk_rows;
  }
  rows.reset();
  if (relation.after) explained([&] { relation.after(connection, count); });
  // The step that reads them must not end well before it is certain that these are all rows, and right.
  stream->finish();
  return count;
}

void FrameCache::fail_stream(const std::string& step_id) {
  if (const auto stream = find_stream(step_id)) stream->fail();
}

void FrameCache::end_reading(const std::map<std::string, protocol::InputRef>& inputs, bool has_failed) {
  for (const auto& [key, ref] : inputs) {
    const auto stream = find_stream(ref.from_step);
    if (!stream) continue;
    stream->end_reading(has_failed);
    const std::scoped_lock lock(m_mutex);
    m_streams.erase(ref.from_step);
  }
}

std::optional<Error> FrameCache::broken_input(const std::map<std::string, protocol::InputRef>& inputs) const {
  for (const auto& [key, ref] : inputs) {
    const auto stream = find_stream(ref.from_step);
    if (stream && stream->has_failed()) return stream->broken_error();
  }
  return std::nullopt;
}

std::shared_ptr<FrameStream> FrameCache::find_stream(const std::string& step_id) const {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_streams.find(step_id);
  return found == m_streams.end() ? nullptr : found->second;
}

DataFrame FrameCache::produce(const std::string& step_id, const std::string& select_sql,
                              const engine::Relation& relation, engine::Connection& connection,
                              const engine::StatementControl& control) {
  DataFrame frame;
  frame.step_id = step_id;
  frame.schema = frame_schema(connection, select_sql);
  if (m_policy.force_spill) {
    const bool needs_no_statement = relation.source != nullptr && parquet::FileWriter::can_write(frame.schema);
    const SpillOutcome outcome =
        needs_no_statement ? write_spill(*relation.source, frame.schema, artifacts_of(step_id), control)
                           : write_spill(connection, select_sql, frame.schema, artifacts_of(step_id), control);
    return spilled(std::move(frame), outcome, SpillReason::forced);
  }
  const bool can_restart = relation.source == nullptr && !relation.reads_once;
  if (auto produced = produce_in_memory(frame, select_sql, can_restart, connection, control)) return *produced;
  const SpillOutcome outcome = write_spill(connection, select_sql, frame.schema, artifacts_of(step_id), control);
  return spilled(std::move(frame), outcome, SpillReason::pressure);
}

/// Nothing when memory ran short, though every frame that nobody reads was spilled meanwhile: the statement was given
/// up, to be run again straight to Parquet. A source that can be read only once is not given up: the engine then
/// parks what exceeds its limit in the temporary folder.
std::optional<DataFrame> FrameCache::produce_in_memory(DataFrame frame, const std::string& select_sql,
                                                       bool can_restart, engine::Connection& connection,
                                                       const engine::StatementControl& control) {
  bool under_pressure = false;
  auto next_check = std::chrono::steady_clock::now() + k_pressure_interval;
  engine::StatementControl watched = control;
  watched.poll = [&](const engine::Progress& progress) {
    if (control.poll && control.poll(progress)) return true;
    if (std::chrono::steady_clock::now() < next_check) return false;
    under_pressure = measure_tables() > m_policy.budget_bytes && !spill_coldest() && can_restart;
    next_check = std::chrono::steady_clock::now() + k_pressure_interval;
    return under_pressure;
  };

  const ProducingScope scope(m_producing, m_started);
  frame.table = table_of(frame.step_id);
  try {
    frame.row_count =
        connection.execute(fmt::format("CREATE OR REPLACE TABLE {} AS {}", frame.table, select_sql), watched);
  } catch (const Exception& exception) {
    const bool cancelled = control.cancel != nullptr && control.cancel->is_cancelled();
    if (under_pressure && !cancelled && exception.error().code == ErrorCode::cancelled) return std::nullopt;
    throw;
  }
  const std::uint64_t others = bytes_in_memory();
  const std::uint64_t all = scope.was_alone() ? measure_tables() : 0;
  frame.memory_bytes = all > others ? all - others : measure_table(frame);
  return frame;
}

DataFrame FrameCache::spilled(DataFrame frame, const SpillOutcome& outcome, SpillReason reason) {
  frame.row_count = outcome.row_count;
  frame.df_path = outcome.parquet_path;
  frame.schema_path = outcome.schema_path;
  const std::string path = artifact_name(frame.step_id, outcome.parquet_path);
  m_sink.event("frame_spilled", {{"step_id", frame.step_id},
                                 {"reason", to_string(reason)},
                                 {"rows", outcome.row_count},
                                 {"bytes", outcome.parquet_bytes},
                                 {"path", path},
                                 {"duration_ms", outcome.duration_ms}});
  m_sink.event("artifact_created", {{"step_id", frame.step_id},
                                    {"artifact_type", "parquet"},
                                    {"path", path},
                                    {"size_bytes", outcome.parquet_bytes}});
  m_sink.event("artifact_created", {{"step_id", frame.step_id},
                                    {"artifact_type", "schema"},
                                    {"path", artifact_name(frame.step_id, outcome.schema_path)},
                                    {"size_bytes", outcome.schema_bytes}});
  m_sink.metric("spill_bytes", outcome.parquet_bytes, "bytes", frame.step_id);
  return frame;
}

void FrameCache::spill_df(const std::string& step_id, SpillReason reason) {
  const std::scoped_lock spill_lock(m_spill_mutex);
  std::optional<DataFrame> frame = find(step_id);
  if (!frame || !frame->in_memory()) return;
  if (!m_spill_connection) m_spill_connection = m_database.connect();
  if (!frame->is_spilled()) {
    const SpillOutcome outcome =
        write_spill(*m_spill_connection, "FROM " + frame->table, frame->schema, artifacts_of(step_id), {});
    frame = spilled(*std::move(frame), outcome, reason);
  }
  if (release_memory(*frame)) m_spill_connection->execute("DROP TABLE " + frame->table);
}

/// Notes where a frame was spilled and forgets its table, unless a reader came meanwhile: then the frame is in both
/// places until the next spill. Tells whether the table may be dropped.
bool FrameCache::release_memory(const DataFrame& spilled) {
  const std::scoped_lock lock(m_mutex);
  Entry& entry = m_step_outputs[spilled.step_id];
  entry.frame.df_path = spilled.df_path;
  entry.frame.schema_path = spilled.schema_path;
  if (!entry.lease.expired()) return false;
  entry.frame.table.clear();
  entry.frame.memory_bytes = 0;
  return true;
}

std::optional<std::string> FrameCache::load_df_from_spill(const std::string& step_id) const {
  const std::optional<DataFrame> frame = find(step_id);
  std::error_code ignored;
  if (!frame || !frame->is_spilled() || !fs::exists(frame->df_path, ignored)) return std::nullopt;
  return read_spill_sql(frame->df_path, frame->schema);
}

std::vector<ResolvedInput> FrameCache::resolve_inputs(const std::string& step_id,
                                                      const std::map<std::string, protocol::InputRef>& inputs,
                                                      const CancelToken* cancel) {
  std::vector<ResolvedInput> resolved;
  for (const auto& [key, ref] : inputs) {
    if (ref.key != "df") {
      fail(ErrorCode::input_not_found,
           fmt::format("Input '{}' not found for step '{}': step '{}' has no output '{}'", key, step_id,
                       ref.from_step, ref.key),
           "the only output of a step is 'df'");
    }
    std::optional<ResolvedInput> input = resolve_from_stream(ref.from_step, cancel);
    if (!input) input = resolve_from_memory(ref.from_step);
    if (!input) input = resolve_from_spill(ref.from_step);
    if (!input) fail(missing_error(step_id, key, ref.from_step));
    input->key = key;
    Json event{{"step_id", step_id},  {"from_step", ref.from_step},        {"key", key},
               {"rows", input->rows}, {"from_memory", input->from_memory}, {"from_spill", input->from_spill()}};
    if (input->from_spill()) event["artifact"] = artifact_name(ref.from_step, input->artifact);
    if (input->stream) event.update({{"rows", nullptr}, {"streamed", true}});
    m_sink.event("inputs_resolved", std::move(event));
    resolved.push_back(*std::move(input));
  }
  return resolved;
}

std::optional<ResolvedInput> FrameCache::resolve_from_stream(const std::string& from_step,
                                                             const CancelToken* cancel) const {
  const auto stream = find_stream(from_step);
  if (!stream) return std::nullopt;
  stream->start_reading(cancel);
  const std::shared_ptr<engine::PublishedSource> source = m_database.publish(stream);
  return ResolvedInput{.from_step = from_step,
                       .schema = stream->schema(),
                       .select_sql = "SELECT * FROM " + source->from_item(),
                       .lease = source,
                       .stream = stream};
}

std::optional<ResolvedInput> FrameCache::resolve_from_memory(const std::string& from_step) {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_step_outputs.find(from_step);
  if (found == m_step_outputs.end() || !found->second.frame.in_memory()) return std::nullopt;
  Entry& entry = found->second;
  entry.last_used = ++m_clock;
  Lease lease = entry.lease.lock();
  if (!lease) lease = std::make_shared<int>();
  entry.lease = lease;
  return ResolvedInput{.from_step = from_step,
                       .rows = entry.frame.row_count,
                       .from_memory = true,
                       .schema = entry.frame.schema,
                       .select_sql = "SELECT * FROM " + entry.frame.table,
                       .lease = std::move(lease)};
}

std::optional<ResolvedInput> FrameCache::resolve_from_spill(const std::string& from_step) const {
  std::optional<std::string> select_sql = load_df_from_spill(from_step);
  if (!select_sql) return std::nullopt;
  const DataFrame frame = find(from_step).value();
  return ResolvedInput{.from_step = from_step,
                       .rows = frame.row_count,
                       .artifact = frame.df_path,
                       .schema = frame.schema,
                       .select_sql = *std::move(select_sql)};
}

void FrameCache::note_missing(const std::string& step_id, std::string why) {
  const std::scoped_lock lock(m_mutex);
  m_missing[step_id] = std::move(why);
}

std::vector<DataFrame> FrameCache::frames() const {
  const std::scoped_lock lock(m_mutex);
  std::vector<DataFrame> frames;
  for (const auto& [step_id, entry] : m_step_outputs) frames.push_back(entry.frame);
  return frames;
}

std::optional<DataFrame> FrameCache::find(const std::string& step_id) const {
  const std::scoped_lock lock(m_mutex);
  const auto entry = m_step_outputs.find(step_id);
  return entry == m_step_outputs.end() ? std::nullopt : std::optional(entry->second.frame);
}

void FrameCache::store(const DataFrame& frame) {
  const std::scoped_lock lock(m_mutex);
  Entry& entry = m_step_outputs[frame.step_id];
  entry.frame = frame;
  entry.last_used = ++m_clock;
  m_missing.erase(frame.step_id);
}

void FrameCache::apply_policy(const DataFrame& frame) {
  if (!frame.in_memory()) return;
  if (m_policy.threshold_rows && frame.row_count > *m_policy.threshold_rows) {
    spill_df(frame.step_id, SpillReason::rows);
  } else if (frame.memory_bytes > m_policy.spill_bytes) {
    spill_df(frame.step_id, SpillReason::bytes);
  }
  while (bytes_in_memory() > m_policy.budget_bytes && spill_coldest()) {
  }
}

/// Spills the frame that was used longest ago, of those that nobody reads; false when there is none.
bool FrameCache::spill_coldest() {
  const std::optional<std::string> coldest = coldest_unread();
  if (!coldest) return false;
  spill_df(*coldest, SpillReason::pressure);
  return true;
}

std::optional<std::string> FrameCache::coldest_unread() const {
  const std::scoped_lock lock(m_mutex);
  const Entry* coldest = nullptr;
  for (const auto& [step_id, entry] : m_step_outputs) {
    if (!entry.frame.in_memory() || !entry.lease.expired()) continue;
    if (coldest == nullptr || entry.last_used < coldest->last_used) coldest = &entry;
  }
  return coldest == nullptr ? std::nullopt : std::optional(coldest->frame.step_id);
}

std::uint64_t FrameCache::bytes_in_memory() const {
  const std::scoped_lock lock(m_mutex);
  std::uint64_t bytes = 0;
  for (const auto& [step_id, entry] : m_step_outputs) bytes += entry.frame.memory_bytes;
  return bytes;
}

std::uint64_t FrameCache::measure_tables() {
  const std::scoped_lock lock(m_measure_mutex);
  return all_tables_bytes(m_measure_connection);
}

std::uint64_t FrameCache::measure_table(const DataFrame& frame) {
  const std::scoped_lock lock(m_measure_mutex);
  return table_bytes(m_measure_connection, frame);
}

Error FrameCache::missing_error(const std::string& step_id, const std::string& key,
                                const std::string& from_step) const {
  std::string why = "it was not run";
  {
    const std::scoped_lock lock(m_mutex);
    if (m_step_outputs.contains(from_step)) {
      why = "the file is gone";
    } else if (const auto missing = m_missing.find(from_step); missing != m_missing.end()) {
      why = missing->second;
    }
  }
  return make_error(ErrorCode::input_not_found,
                    fmt::format("Input '{}' not found for step '{}': step '{}' left no DataFrame in memory "
                                "(step_outputs) and no spill file at artifacts/{}/output.parquet ({}).",
                                key, step_id, from_step, from_step, why),
                    fmt::format("run step '{}' again, or remove it from the needs of '{}'", from_step, step_id));
}

}  // namespace spillway::frame
