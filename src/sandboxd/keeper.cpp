#include "sandboxd/keeper.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "sandboxd/json_response.hpp"
#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::sandboxd {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t k_id_length = 20;
constexpr std::size_t k_token_length = 40;
constexpr std::chrono::seconds k_start_patience{30};
constexpr std::size_t k_most_characters_of_id = 36;

/// Letters and digits that nobody guesses.
std::string random_text(std::size_t length) {
  constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  static_assert(k_letters.size() == k_most_characters_of_id);
  std::string text;
  while (text.size() < length) {
    unsigned char byte = 0;
    if (::getrandom(&byte, 1, 0) != 1) fail(os_error(errno, "cannot get random bytes"));
    // Each letter is as likely as the others.
    constexpr unsigned k_usable = 256 / k_most_characters_of_id * k_most_characters_of_id;
    if (byte < k_usable) text += k_letters[byte % k_most_characters_of_id];
  }
  return text;
}

}  // namespace

Keeper::Keeper(KeeperOptions options) : m_options(std::move(options)), m_thread([this] { serve(); }) {}

Keeper::~Keeper() {
  remove_all();
  {
    const std::scoped_lock lock(m_mutex);
    m_is_stopping = true;
    m_changed.notify_all();
  }
  m_thread.join();
}

void Keeper::serve() {
  std::unique_lock lock(m_mutex);
  while (!m_is_stopping || !m_jobs.empty()) {
    if (!m_jobs.empty()) {
      std::packaged_task<void()> job = std::move(m_jobs.front());
      m_jobs.pop_front();
      lock.unlock();
      job();
      lock.lock();
      continue;
    }
    const std::vector<std::string> expired = take_expired();
    if (!expired.empty()) {
      lock.unlock();
      for (const std::string& id : expired) drop(id, "its time is up");
      lock.lock();
      continue;
    }
    constexpr std::chrono::milliseconds k_tick{250};
    m_changed.wait_for(lock, k_tick);
  }
  lock.unlock();
  m_jails.clear();
}

std::vector<std::string> Keeper::take_expired() {
  std::vector<std::string> expired;
  for (const auto& [id, entry] : m_sandboxes) {
    if (entry.end <= steady_clock::now()) expired.push_back(id);
  }
  return expired;
}

std::future<void> Keeper::post(std::function<void()> job) {
  std::packaged_task<void()> task(std::move(job));
  std::future<void> done = task.get_future();
  const std::scoped_lock lock(m_mutex);
  m_jobs.push_back(std::move(task));
  m_changed.notify_all();
  return done;
}

void Keeper::check_life(std::chrono::seconds life) const {
  if (life <= m_options.longest_life) return;
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(m_options.longest_life);
  refuse(400, hours == m_options.longest_life
                  ? fmt::format("Timeout cannot be greater than {} hours", hours.count())
                  : fmt::format("Timeout cannot be greater than {} seconds", m_options.longest_life.count()));
}

void Keeper::reserve() {
  const std::scoped_lock lock(m_mutex);
  if (m_sandboxes.size() + m_coming >= m_options.most_sandboxes) {
    refuse(429,
           fmt::format("you have reached the maximum number of concurrent sandboxes ({})", m_options.most_sandboxes));
  }
  ++m_coming;
}

std::shared_ptr<Sandbox> Keeper::create(const NewSandbox& wanted) {
  check_life(wanted.life);
  if (wanted.template_id != k_base_template && !m_options.templates.contains(wanted.template_id)) {
    refuse(404, fmt::format("template '{}' not found", wanted.template_id));
  }
  reserve();
  std::shared_ptr<Sandbox> sandbox;
  try {
    sandbox = launch(wanted);
  } catch (...) {
    const std::scoped_lock lock(m_mutex);
    --m_coming;
    throw;
  }
  {
    const std::scoped_lock lock(m_mutex);
    --m_coming;
    m_sandboxes[sandbox->identity().id] = {sandbox, steady_clock::now() + wanted.life};
  }
  m_options.log(fmt::format("{}: made from template {}, for {} s", sandbox->identity().id, wanted.template_id,
                            wanted.life.count()));
  if (sandbox->is_gone()) drop(sandbox->identity().id, "it ended");
  return sandbox;
}

std::shared_ptr<Sandbox> Keeper::launch(const NewSandbox& wanted) {
  const std::string id = "i" + random_text(k_id_length);
  JailPlan plan{.name = fmt::format("spillway-{}-{}", id, ::getpid()),
                .template_folder = {},
                .has_network = m_options.has_network && !wanted.is_cut_off,
                .limits = m_options.limits};
  if (const auto found = m_options.templates.find(wanted.template_id); found != m_options.templates.end()) {
    plan.template_folder = found->second;
  }
  auto [here, there] = make_socket_pair();
  bool has_group = false;
  post([&] {
    has_group = m_jails.emplace(id, std::make_unique<Jail>(plan, there)).first->second->has_group();
  }).get();
  there.reset();
  auto sandbox = std::make_shared<Sandbox>(
      SandboxIdentity{id, wanted.template_id, "ea_" + random_text(k_token_length), wanted.metadata,
                      wanted.environment, std::chrono::system_clock::now()},
      std::move(here), plan.limits.disk_bytes, process_memory_limit(plan.limits, has_group),
      [this, id] { post([this, id] { drop(id, "it ended"); }); });
  if (sandbox->wait_until_ready(k_start_patience)) return sandbox;
  std::string words;
  post([&] {
    if (const auto jail = m_jails.find(id); jail != m_jails.end()) words = jail->second->last_words();
    m_jails.erase(id);
  }).get();
  m_options.log(fmt::format("cannot make a sandbox: {}", words.empty() ? "its agent does not come up" : trim(words)));
  refuse(500, "Failed to place sandbox: see what the server says");
}

std::shared_ptr<Sandbox> Keeper::find(const std::string& id) {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_sandboxes.find(id);
  return found == m_sandboxes.end() ? nullptr : found->second.sandbox;
}

/// On the keeper's thread, or before that thread knows of the sandbox.
bool Keeper::drop(const std::string& id, const char* why) {
  std::shared_ptr<Sandbox> dropped;
  {
    const std::scoped_lock lock(m_mutex);
    if (const auto found = m_sandboxes.find(id); found != m_sandboxes.end()) {
      dropped = std::move(found->second.sandbox);
      m_sandboxes.erase(found);
    }
  }
  if (dropped) {
    dropped->end();
    m_options.log(fmt::format("{}: gone, {}", id, why));
  }
  if (std::this_thread::get_id() == m_thread.get_id()) {
    m_jails.erase(id);
  } else {
    post([this, id] { m_jails.erase(id); }).get();
  }
  return dropped != nullptr;
}

bool Keeper::remove(const std::string& id) { return drop(id, "deleted"); }

void Keeper::remove_all() {
  for (const Kept& kept : list()) drop(kept.sandbox->identity().id, "the server ends");
}

Keeper::Kept Keeper::kept(const Entry& entry) {
  const auto left = std::chrono::duration_cast<WallTime::duration>(entry.end - steady_clock::now());
  return {entry.sandbox, std::chrono::system_clock::now() + left};
}

std::vector<Keeper::Kept> Keeper::list() {
  std::vector<Kept> all;
  {
    const std::scoped_lock lock(m_mutex);
    for (const auto& [id, entry] : m_sandboxes) all.push_back(kept(entry));
  }
  std::ranges::sort(all, {}, [](const Kept& one) { return one.sandbox->identity().started; });
  return all;
}

std::optional<Keeper::Kept> Keeper::find_kept(const std::string& id) {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_sandboxes.find(id);
  if (found == m_sandboxes.end()) return std::nullopt;
  return kept(found->second);
}

bool Keeper::set_life(const std::string& id, std::chrono::seconds life, Change change) {
  check_life(life);
  const std::scoped_lock lock(m_mutex);
  const auto found = m_sandboxes.find(id);
  if (found == m_sandboxes.end()) return false;
  const SteadyTime end = steady_clock::now() + life;
  found->second.end = change == Change::extend ? std::max(found->second.end, end) : end;
  m_changed.notify_all();
  return true;
}

}  // namespace spillway::sandboxd
