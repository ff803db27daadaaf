#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "config/wipe.hpp"
#include "drivers/registry.hpp"
#include "sandbox/channel.hpp"
#include "worker/proxy_worker.hpp"

namespace spillway::sandbox {
namespace {

/// Two queues and a thread: the same commands and messages as over a pipe, without encoding them.
class InProcessChannel : public Channel, private protocol::Sink {
 public:
  InProcessChannel() : m_thread([this] { work(); }) {}
  InProcessChannel(const InProcessChannel&) = delete;
  InProcessChannel& operator=(const InProcessChannel&) = delete;
  ~InProcessChannel() override {
    {
      const std::scoped_lock lock(m_mutex);
      m_closed = true;
    }
    m_command_came.notify_one();
    m_thread.join();
  }

  void send(const protocol::Command& command) override {
    {
      const std::scoped_lock lock(m_mutex);
      m_commands.push_back(command);
    }
    m_command_came.notify_one();
  }

  std::optional<protocol::Message> receive(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(m_mutex);
    if (!m_message_came.wait_for(lock, timeout, [this] { return !m_messages.empty(); })) return std::nullopt;
    protocol::Message message = std::move(m_messages.front());
    m_messages.pop_front();
    return message;
  }

 private:
  void emit(protocol::Message message) override {
    {
      const std::scoped_lock lock(m_mutex);
      m_messages.push_back(std::move(message));
    }
    m_message_came.notify_one();
  }

  std::optional<protocol::Command> next_command() {
    std::unique_lock lock(m_mutex);
    m_command_came.wait(lock, [this] { return m_closed || !m_commands.empty(); });
    if (m_closed) return std::nullopt;
    protocol::Command command = std::move(m_commands.front());
    m_commands.pop_front();
    return command;
  }

  void work() {
    const drivers::DriverRegistry drivers = drivers::builtin_drivers();
    worker::ProxyWorker worker(*this, drivers);
    while (std::optional<protocol::Command> command = next_command()) {
      worker.handle(*command);
      if (auto* prepare = std::get_if<protocol::PrepareCommand>(&*command)) config::wipe(prepare->connections);
    }
  }

  std::mutex m_mutex;  ///< guards the three below
  std::deque<protocol::Command> m_commands;
  std::deque<protocol::Message> m_messages;
  bool m_closed = false;
  std::condition_variable m_command_came;
  std::condition_variable m_message_came;
  std::thread m_thread;
};

}  // namespace

std::unique_ptr<Channel> open_in_process_channel() { return std::make_unique<InProcessChannel>(); }

}  // namespace spillway::sandbox
