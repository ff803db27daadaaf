#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "e2b/settings.hpp"

namespace httplib {
class Server;
struct Request;
struct Response;
}  // namespace httplib

namespace spillway::testing {

/// What an E2bServer saw of a request.
struct SeenRequest {
  std::string line;                            ///< "POST /sandboxes"
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// What it answers: these bytes, or, when `is_cut`, a part of them and no more.
struct ScriptedAnswer {
  int status = 200;
  std::string body = {};
  std::string type = "application/json";
  std::map<std::string, std::string> headers = {};
  bool is_cut = false;
};

/// A host of sandboxes that says what a test tells it to say: for every request the next answer that was scripted for
/// its method and path, the last one again and again. Both planes are at one address of the loopback.
class E2bServer {
 public:
  static constexpr const char* k_key = "e2b_00c0ffee";

  E2bServer();
  /// Over TLS, with the certificate and the key in these files.
  E2bServer(const std::filesystem::path& certificate, const std::filesystem::path& key);
  E2bServer(const E2bServer&) = delete;
  E2bServer& operator=(const E2bServer&) = delete;
  ~E2bServer();

  int port() const { return m_port; }
  std::string url() const;
  /// With the key, both planes at url().
  e2b::Settings settings() const;

  /// `line` is "POST /sandboxes", without the query.
  void script(const std::string& line, std::vector<ScriptedAnswer> answers);
  /// What came since the last call.
  std::vector<SeenRequest> take_seen();
  /// Only the lines of it, with the query, decoded.
  std::vector<std::string> take_lines();

 private:
  void start();
  void serve(const httplib::Request& request, httplib::Response& response);

  std::unique_ptr<httplib::Server> m_server;
  std::string m_scheme = "http";
  int m_port = 0;
  std::mutex m_mutex;  ///< of what is below
  std::map<std::string, std::deque<ScriptedAnswer>> m_answers;
  std::vector<SeenRequest> m_seen;
  std::thread m_thread;
};

}  // namespace spillway::testing
