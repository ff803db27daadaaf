#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

namespace spillway::cli {
namespace {

/// The eye sees no more, and a terminal over a slow line shows no more.
constexpr std::chrono::milliseconds k_redraw_interval{100};
/// A step that is done sooner never gets a running line: it would only flicker.
constexpr std::chrono::milliseconds k_first_draw{150};
/// A worker that is ready sooner needs no words.
constexpr std::chrono::milliseconds k_first_word{2000};

}  // namespace

void ProgressDisplay::run_started(const run::RunOutcome& run) {
  m_columns = columns_of(run.steps);
  m_started = m_now();
  m_console.message(header_line(run) + "\n");
}

void ProgressDisplay::preparing(const std::string& activity) {
  m_activity = activity;
  // Where nothing can be drawn again it is told once, and only to whoever has begun to wonder.
  if (m_terminal.is_fancy || m_activity_was_told || m_now() - m_started < k_first_word) return;
  m_activity_was_told = true;
  m_console.message(activity + "\n");
}

void ProgressDisplay::step_started(const run::StepOutcome& step) {
  m_activity.clear();
  m_running.push_back({step.step_id, m_now(), {}});
}

void ProgressDisplay::step_progressed(const run::StepOutcome& step, const run::Progress& progress) {
  const auto running = std::ranges::find(m_running, step.step_id, &Running::step_id);
  if (running != m_running.end()) running->progress = progress;
}

void ProgressDisplay::step_finished(const run::StepOutcome& step) {
  m_activity.clear();  // a worker that never was ready
  std::erase_if(m_running, [&](const Running& running) { return running.step_id == step.step_id; });
  draw(step_line(m_terminal, m_columns, step) + "\n");
}

void ProgressDisplay::output_follows() {
  if (m_drawn_lines == 0) return;
  m_console.message(fmt::format("\x1b[{}A\r\x1b[J", m_drawn_lines));
  m_drawn_lines = 0;
}

void ProgressDisplay::tick() {
  if (!m_terminal.is_fancy || m_now() - m_drawn_at < k_redraw_interval) return;
  update_size(m_terminal, STDERR_FILENO);
  draw("");
}

/// Replaces the running lines by `finished_lines` and the running lines as they are now, in one write: nothing is
/// ever seen half drawn.
void ProgressDisplay::draw(const std::string& finished_lines) {
  if (!m_terminal.is_fancy) {
    m_console.message(finished_lines);
    return;
  }
  std::size_t count = 0;
  const std::string running = running_lines(count);
  if (finished_lines.empty() && count == 0 && m_drawn_lines == 0) return;
  std::string text;
  if (m_drawn_lines != 0) text = fmt::format("\x1b[{}A\r", m_drawn_lines);
  for (const char c : finished_lines + running) text += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
  if (m_drawn_lines != 0) text += "\x1b[J";
  m_console.message(text);
  m_drawn_lines = count;
  m_drawn_at = m_now();
}

std::string ProgressDisplay::running_lines(std::size_t& count) {
  // Lines that scrolled away could not be drawn again.
  const std::size_t most = m_terminal.height > 3 ? m_terminal.height - 3 : 1;
  std::string lines;
  if (const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(m_now() - m_started);
      !m_activity.empty() && waited >= k_first_draw) {
    lines += waiting_line(m_terminal, m_activity, static_cast<std::uint64_t>(waited.count())) + "\n";
    ++count;
  }
  for (const Running& running : m_running) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(m_now() - running.started);
    if (count == most || elapsed < k_first_draw) continue;
    const RunningStep step{running.step_id, static_cast<std::uint64_t>(elapsed.count()), running.progress};
    lines += running_line(m_terminal, m_columns, step) + "\n";
    ++count;
  }
  return lines;
}

}  // namespace spillway::cli
