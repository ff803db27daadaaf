#include "support/e2b_server.hpp"

#include <httplib.h>

#include <utility>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::testing {
namespace {

constexpr auto k_host = "127.0.0.1";
constexpr int k_not_found = 404;
constexpr int k_ok = 200;

}  // namespace

E2bServer::E2bServer() : m_server(std::make_unique<httplib::Server>()) { start(); }

E2bServer::E2bServer(const std::filesystem::path& certificate, const std::filesystem::path& key)
    : m_server(std::make_unique<httplib::SSLServer>(certificate.c_str(), key.c_str())), m_scheme("https") {
  start();
}

void E2bServer::start() {
  const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
    serve(request, response);
  };
  m_server->Get(".*", handler);
  m_server->Post(".*", handler);
  m_server->Delete(".*", handler);
  m_server->set_tcp_nodelay(true);
  m_port = m_server->bind_to_any_port(k_host);
  m_thread = std::thread([this] { m_server->listen_after_bind(); });
}

E2bServer::~E2bServer() {
  while (!m_server->is_running()) std::this_thread::yield();
  m_server->stop();
  m_thread.join();
}

std::string E2bServer::url() const { return fmt::format("{}://{}:{}", m_scheme, k_host, m_port); }

e2b::Settings E2bServer::settings() const { return {e2b::SecretText(k_key), "e2b.test", url(), url(), {}}; }

void E2bServer::script(const std::string& line, std::vector<ScriptedAnswer> answers) {
  const std::lock_guard lock(m_mutex);
  m_answers[line] = {std::make_move_iterator(answers.begin()), std::make_move_iterator(answers.end())};
}

std::vector<SeenRequest> E2bServer::take_seen() {
  const std::lock_guard lock(m_mutex);
  return std::exchange(m_seen, {});
}

std::vector<std::string> E2bServer::take_lines() {
  std::vector<std::string> lines;
  for (const SeenRequest& seen : take_seen()) lines.push_back(seen.line);
  return lines;
}

void E2bServer::serve(const httplib::Request& request, httplib::Response& response) {
  const std::lock_guard lock(m_mutex);
  SeenRequest seen{
      fmt::format("{} {}", request.method, httplib::detail::decode_url(request.target, false)), {}, request.body};
  for (const auto& [name, value] : request.headers) seen.headers[to_lower(name)] = value;
  m_seen.push_back(std::move(seen));
  const auto found = m_answers.find(fmt::format("{} {}", request.method, request.path));
  if (found == m_answers.end() || found->second.empty()) {
    response.status = k_not_found;
    response.set_content("not scripted", "text/plain");
    return;
  }
  const ScriptedAnswer answer = found->second.front();
  if (found->second.size() > 1) found->second.pop_front();
  if (answer.status != k_ok) response.status = answer.status;  // else it may become that of a range
  for (const auto& [name, value] : answer.headers) response.set_header(name.c_str(), value.c_str());
  if (!answer.is_cut) {
    response.set_content(answer.body, answer.type.c_str());
    return;
  }
  response.set_content_provider(answer.body.size() + 1, answer.type.c_str(),
                                [body = answer.body](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                  return offset < body.size() &&
                                         sink.write(body.data() + offset, body.size() - offset);
                                });
}

}  // namespace spillway::testing
