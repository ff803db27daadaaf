#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "util/fd.hpp"

namespace spillway::sandboxd {

/// What of a form with files is taken while it comes.
class FormSink {
 public:
  virtual ~FormSink() = default;
  /// What follows is the content of this file.
  virtual void begin_file(std::string_view field, std::string_view filename) = 0;
  virtual void take_piece(std::string_view piece) = 0;
};

/// Reads multipart/form-data that comes piece by piece.
class FormReader {
 public:
  virtual ~FormReader() = default;
  /// False when it is none. What the sink throws comes out here.
  virtual bool take(std::string_view piece) = 0;
};

/// What a request asks for; its body comes piece by piece (Exchange).
struct HttpRequest {
  std::string method;
  std::string path;                            ///< decoded
  std::map<std::string, std::string> query;    ///< decoded
  std::map<std::string, std::string> headers;  ///< names in lower case
  /// A reader of its body as a form, while the request lasts; null when it is none.
  std::function<std::unique_ptr<FormReader>(FormSink&)> read_form;

  /// Empty when there is none.
  std::string_view header(const std::string& name) const;
  std::string_view parameter(const std::string& name) const;
  /// Of its body, in lower case and without parameters.
  std::string media_type() const;
};

/// A body that is made while it is sent. Its functions are called on the connection's own thread and may wait.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// The next piece, sent at once; nothing at the end. Throws what then cuts the connection.
  virtual std::optional<std::string> next() = 0;
};

/// A part of a file.
struct FilePart {
  Fd file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

constexpr unsigned k_http_ok = 200;
constexpr unsigned k_http_no_content = 204;

struct HttpResponse {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::variant<std::string, FilePart, std::unique_ptr<BodyStream>> body;
};

/// Why a request is not done: what its sender is told. Thrown by whoever serves it, caught by the server.
class Refused : public std::exception {
 public:
  explicit Refused(HttpResponse response) : m_response(std::move(response)) {}
  const char* what() const noexcept override { return "a request was refused"; }
  HttpResponse take_response() { return std::move(m_response); }

 private:
  HttpResponse m_response;
};

/// One request while it is served, by the thread of its connection alone.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// A piece of the request's body. After a Refused the rest is read and dropped, so that the answer is seen.
  virtual void take(std::string_view piece) = 0;
  /// The body is complete.
  virtual HttpResponse finish() = 0;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// Called by many threads.
  virtual std::unique_ptr<Exchange> begin(HttpRequest request) = 0;
};

}  // namespace spillway::sandboxd
