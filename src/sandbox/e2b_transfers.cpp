#include "sandbox/e2b_transfers.hpp"

#include <algorithm>
#include <utility>

#include "sandbox/e2b_errors.hpp"
#include "util/gzip.hpp"

namespace spillway::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

/// Small files take one way there and back each: so many at a time.
constexpr std::size_t k_threads = 12;
constexpr std::size_t k_most_uploads = 4;
constexpr std::size_t k_sample_bytes = std::size_t{256} * 1024;
/// What of a download waits here to be taken.
constexpr std::uint64_t k_most_waiting_bytes = std::uint64_t{4} * 1024 * 1024;
/// What takes less says more of how far the sandbox is than of how fast the wire is.
constexpr std::chrono::milliseconds k_least_measured{250};
/// Packing costs cores that the run may need: it has to be worth it.
constexpr double k_worthwhile = 1.3;

double bytes_a_second(std::size_t bytes, std::chrono::duration<double> time) {
  return static_cast<double>(bytes) / std::max(time.count(), 1e-6);
}

}  // namespace

bool pays_to_pack(double sent_a_second, double packed_a_second, double ratio) {
  const double packed_and_sent = std::min(packed_a_second, sent_a_second / std::max(ratio, 1e-6));
  return packed_and_sent > k_worthwhile * sent_a_second;
}

bool Transfers::may_upload() const {
  if (m_uploads.empty() || m_running_uploads == k_most_uploads) return false;
  return m_uploads.front().content == Content::packed || m_is_measured || !m_is_measuring;
}

Transfers::Transfers(const e2b::Settings& settings, Monitor& monitor, const CancelToken& cancel,
                     std::function<void(Error)> fail)
    : m_settings(settings), m_monitor(monitor), m_cancel(cancel), m_fail(std::move(fail)) {}

Transfers::~Transfers() {
  {
    const std::scoped_lock lock(m_monitor.mutex);
    m_has_ended = true;
  }
  m_monitor.changed.notify_all();
  for (std::thread& thread : m_threads) thread.join();
}

void Transfers::start(const e2b::Sandbox& sandbox) {
  for (std::size_t i = 0; i < k_threads; ++i) {
    m_threads.emplace_back([this, sandbox] {
      try {
        work(sandbox);
      } catch (...) {
        m_fail(current_error());
      }
    });
  }
}

void Transfers::upload(std::string path, std::string bytes, Content content, std::function<void()> done) {
  {
    const std::scoped_lock lock(m_monitor.mutex);
    m_uploading_bytes += bytes.size();
    // The worker goes before what it is to work on.
    m_uploads.insert(content == Content::packed ? m_uploads.begin() : m_uploads.end(),
                     {std::move(path), std::move(bytes), content, std::move(done)});
  }
  m_monitor.changed.notify_all();
}

std::shared_ptr<Download> Transfers::download(std::string path, std::uint64_t bytes) {
  auto download = std::make_shared<Download>(Download{.path = std::move(path), .bytes = bytes, .left_bytes = bytes});
  {
    const std::scoped_lock lock(m_monitor.mutex);
    m_downloads.push_back(download);
  }
  m_monitor.changed.notify_all();
  return download;
}

void Transfers::work(const e2b::Sandbox& sandbox) {
  e2b::DataPlane plane(m_settings, sandbox, m_cancel);
  for (;;) {
    std::unique_lock lock(m_monitor.mutex);
    m_monitor.changed.wait(lock, [this] { return m_has_ended || may_upload() || !m_downloads.empty(); });
    if (m_has_ended) return;
    // The downloads are taken in their order: the one that is waited for is always under way.
    if (!m_downloads.empty()) {
      const std::shared_ptr<Download> download = std::move(m_downloads.front());
      m_downloads.pop_front();
      lock.unlock();
      run(*download, plane);
    } else {
      Upload upload = std::move(m_uploads.front());
      m_uploads.pop_front();
      const bool is_plain = upload.content == Content::plain;
      m_is_measuring = m_is_measuring || is_plain;
      ++m_running_uploads;
      const bool packs = is_plain && m_packs;
      lock.unlock();
      run(upload, packs, plane);
    }
  }
}

void Transfers::run(Upload& upload, bool packs, e2b::DataPlane& plane) {
  const std::size_t size = upload.bytes.size();
  const Clock::time_point start = Clock::now();
  if (packs) {
    check(plane.upload(upload.path, gzip(upload.bytes, GzipEffort::quick), e2b::DataPlane::Encoding::gzip));
  } else {
    check(plane.upload(upload.path, upload.bytes));
    if (upload.content == Content::plain) measure(upload.bytes, Clock::now() - start);
  }
  {
    const std::scoped_lock lock(m_monitor.mutex);
    m_uploading_bytes -= size;
    --m_running_uploads;
    upload.done();
  }
  m_monitor.changed.notify_all();
}

/// From what was sent as it is: whether to pack what comes next.
void Transfers::measure(std::string_view bytes, std::chrono::duration<double> time) {
  if (time < k_least_measured) {
    const std::scoped_lock lock(m_monitor.mutex);
    m_is_measured = true;
    return;
  }
  const std::string_view sample = bytes.substr(0, k_sample_bytes);
  const Clock::time_point start = Clock::now();
  const std::string packed = gzip(sample, GzipEffort::quick);
  const double packed_a_second = bytes_a_second(sample.size(), Clock::now() - start);
  const double ratio =
      static_cast<double>(packed.size()) / static_cast<double>(std::max<std::size_t>(sample.size(), 1));
  const std::scoped_lock lock(m_monitor.mutex);
  m_packs = m_packs || pays_to_pack(bytes_a_second(bytes.size(), time), packed_a_second, ratio);
  m_is_measured = true;
}

void Transfers::run(Download& download, e2b::DataPlane& plane) {
  check(plane.download(download.path, download.bytes, [&](std::string_view bytes) {
    std::unique_lock lock(m_monitor.mutex);
    m_monitor.changed.wait(lock, [&] { return m_has_ended || download.waiting_bytes < k_most_waiting_bytes; });
    download.pieces.emplace_back(bytes);
    download.waiting_bytes += bytes.size();
    lock.unlock();
    m_monitor.changed.notify_all();
  }));
}

void Transfers::check(e2b::Answer<void> answer) {
  if (answer) return;
  if (answer.error().fault == e2b::Fault::gone) fail(e2b_sandbox_is_gone(answer.error().error));
  fail(std::move(answer.error().error));
}

}  // namespace spillway::sandbox
