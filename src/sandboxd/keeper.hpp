#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sandboxd/jail.hpp"
#include "sandboxd/sandbox.hpp"

namespace spillway::sandboxd {

struct KeeperOptions {
  std::size_t most_sandboxes = 0;
  std::chrono::seconds longest_life{0};
  JailLimits limits;
  bool has_network = false;
  /// The folders that sandboxes of these templates see as /opt/spillway.
  std::map<std::string, std::filesystem::path> templates;
  /// A line for whoever runs the server. Called by many threads; never with a secret.
  std::function<void(const std::string&)> log;
};

/// The template that there always is: nothing but this machine's /usr.
constexpr auto k_base_template = "base";

struct NewSandbox {
  std::string template_id;
  std::chrono::seconds life{0};
  std::map<std::string, std::string> metadata;
  Environment environment;
  bool is_cut_off = false;  ///< without a network, also where sandboxes have one
};

/// Every sandbox of this server: made, found, ended when its time is up. Used by many threads; its own thread makes
/// and ends the processes, because these end with the thread that made them.
class Keeper {
 public:
  explicit Keeper(KeeperOptions options);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  /// When nobody else has one of its sandboxes any more.
  ~Keeper();

  const KeeperOptions& options() const { return m_options; }
  /// Throws Refused: 404 for an unknown template, 400 for too long a life, 429 when there are too many.
  std::shared_ptr<Sandbox> create(const NewSandbox& wanted);
  /// Null when there is none.
  std::shared_ptr<Sandbox> find(const std::string& id);
  /// False when there is none.
  bool remove(const std::string& id);
  void remove_all();

  struct Kept {
    std::shared_ptr<Sandbox> sandbox;
    WallTime end;
  };
  /// The oldest first.
  std::vector<Kept> list();
  std::optional<Kept> find_kept(const std::string& id);
  enum class Change { set, extend };
  /// It ends so long from now. False when there is none; throws Refused for too long a life.
  bool set_life(const std::string& id, std::chrono::seconds life, Change change);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Entry {
    std::shared_ptr<Sandbox> sandbox;
    SteadyTime end;
  };

  void serve();
  std::future<void> post(std::function<void()> job);
  void check_life(std::chrono::seconds life) const;
  void reserve();
  std::shared_ptr<Sandbox> launch(const NewSandbox& wanted);
  bool drop(const std::string& id, const char* why);
  std::vector<std::string> take_expired();
  static Kept kept(const Entry& entry);

  KeeperOptions m_options;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::map<std::string, Entry> m_sandboxes;
  std::size_t m_coming = 0;  ///< sandboxes that are being made
  std::deque<std::packaged_task<void()>> m_jobs;
  bool m_is_stopping = false;
  std::map<std::string, std::unique_ptr<Jail>> m_jails;  ///< of the thread alone
  std::thread m_thread;
};

}  // namespace spillway::sandboxd
