#include "sandboxd/http_server.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>

#include <fmt/format.h>

#include "sandboxd/json_response.hpp"
#include "sandboxd/libmicrohttpd.hpp"
#include "util/error.hpp"
#include "util/strings.hpp"

namespace spillway::sandboxd {
namespace {

constexpr unsigned k_internal_error = 500;
constexpr unsigned k_most_connections = 4096;
constexpr unsigned k_idle_seconds = 300;
constexpr std::size_t k_connection_memory = std::size_t{256} * 1024;  // half of it is what is read at once
constexpr std::size_t k_thread_stack = std::size_t{512} * 1024;
constexpr std::size_t k_block = std::size_t{64} * 1024;
constexpr int k_backlog = 128;

MHD_Result collect(void* closure, MHD_ValueKind kind, const char* key, std::size_t key_size, const char* value,
                   std::size_t value_size) {
  auto& request = *static_cast<HttpRequest*>(closure);
  const std::string_view name(key, key_size);
  const std::string_view text = value == nullptr ? std::string_view() : std::string_view(value, value_size);
  if (kind == MHD_HEADER_KIND) {
    request.headers.insert_or_assign(to_lower(name), std::string(text));
  } else {
    request.query.insert_or_assign(std::string(name), std::string(text));
  }
  return MHD_YES;
}

/// A BodyStream as the library asks for it.
struct Sending {
  std::unique_ptr<BodyStream> stream;
  std::string piece = {};
  std::size_t sent = 0;

  static ssize_t read(void* closure, std::uint64_t, char* buffer, std::size_t size) {
    auto& self = *static_cast<Sending*>(closure);
    try {
      while (self.sent == self.piece.size()) {
        std::optional<std::string> next = self.stream->next();
        if (!next) return MHD_CONTENT_READER_END_OF_STREAM;
        self.piece = std::move(*next);
        self.sent = 0;
      }
    } catch (...) {
      return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    const std::size_t count = std::min(size, self.piece.size() - self.sent);
    std::copy_n(self.piece.data() + self.sent, count, buffer);
    self.sent += count;
    return static_cast<ssize_t>(count);
  }
  static void release(void* closure) { delete static_cast<Sending*>(closure); }
};

ResponseHandle make_response(HttpResponse& response) {
  const Libmicrohttpd& http = libmicrohttpd();
  if (auto* text = std::get_if<std::string>(&response.body)) {
    return ResponseHandle(http.response_from_buffer(text->size(), text->data(), MHD_RESPMEM_MUST_COPY));
  }
  if (auto* part = std::get_if<FilePart>(&response.body)) {
    ResponseHandle made(http.response_from_file(part->size, part->file.get(), part->offset));
    if (made) part->file.release();
    return made;
  }
  auto sending = std::make_unique<Sending>(Sending{std::move(std::get<std::unique_ptr<BodyStream>>(response.body))});
  ResponseHandle made(
      http.response_from_callback(MHD_SIZE_UNKNOWN, k_block, &Sending::read, sending.get(), &Sending::release));
  if (made) static_cast<void>(sending.release());
  return made;
}

/// The library's reader of forms: what its callback throws must not pass through it.
class LibraryFormReader : public FormReader {
 public:
  LibraryFormReader(MHD_Connection* connection, FormSink& sink)
      : m_sink(sink),
        m_processor(libmicrohttpd().create_post_processor(connection, k_block, &LibraryFormReader::iterate, this)) {}

  bool is_form() const { return m_processor != nullptr; }
  bool take(std::string_view piece) override {
    const bool is_taken = libmicrohttpd().post_process(m_processor.get(), piece.data(), piece.size()) == MHD_YES;
    if (m_thrown) std::rethrow_exception(m_thrown);
    return is_taken;
  }

 private:
  // NOLINTNEXTLINE(readability-function-size): the library says what it takes
  static MHD_Result iterate(void* closure, MHD_ValueKind, const char* key, const char* filename, const char*,
                            const char*, const char* data, std::uint64_t offset, std::size_t size) {
    auto& self = *static_cast<LibraryFormReader*>(closure);
    try {
      self.take_part(key == nullptr ? "" : key, filename == nullptr ? "" : filename, {data, size}, offset);
      return MHD_YES;
    } catch (...) {
      self.m_thrown = std::current_exception();
      return MHD_NO;
    }
  }

  /// A short part is told twice, first as an empty one.
  void take_part(const std::string& field, const std::string& filename, std::string_view piece,
                 std::uint64_t offset) {
    const bool goes_on = offset > 0 || (m_part_is_empty && field == m_field && filename == m_filename);
    if (!goes_on) m_sink.begin_file(field, filename);
    m_field = field;
    m_filename = filename;
    m_part_is_empty = offset == 0 && piece.empty();
    if (!piece.empty()) m_sink.take_piece(piece);
  }

  FormSink& m_sink;
  std::string m_field;
  std::string m_filename;
  bool m_part_is_empty = false;  ///< of the part that was told last
  PostProcessorHandle m_processor;
  std::exception_ptr m_thrown;
};

/// A request in the library's hands: begun, or refused while its body still comes.
struct Serving {
  std::unique_ptr<Exchange> exchange;
  std::optional<HttpResponse> answer;

  /// What goes wrong in it becomes the answer.
  template <typename Action>
  void attempt(Action action) {
    if (answer) return;
    try {
      action();
    } catch (Refused& refused) {
      answer = refused.take_response();
    } catch (...) {
      answer = error_response(k_internal_error, current_error().full_message());
    }
  }
};

// NOLINTNEXTLINE(readability-function-size): the library says what it takes
MHD_Result serve_request(void* closure, MHD_Connection* connection, const char* url, const char* method, const char*,
                         const char* body, std::size_t* body_size, void** state) {
  const Libmicrohttpd& http = libmicrohttpd();
  if (*state == nullptr) {
    auto serving = std::make_unique<Serving>();
    serving->attempt([&] {
      HttpRequest request{method, url, {}, {}, {}};
      request.read_form = [connection](FormSink& sink) -> std::unique_ptr<FormReader> {
        auto reader = std::make_unique<LibraryFormReader>(connection, sink);
        if (!reader->is_form()) return nullptr;
        return reader;
      };
      http.get_connection_values(connection, MHD_HEADER_KIND, &collect, &request);
      http.get_connection_values(connection, MHD_GET_ARGUMENT_KIND, &collect, &request);
      serving->exchange = static_cast<HttpHandler*>(closure)->begin(std::move(request));
    });
    *state = serving.release();
    return MHD_YES;
  }
  auto& serving = *static_cast<Serving*>(*state);
  if (*body_size > 0) {
    serving.attempt([&] { serving.exchange->take({body, *body_size}); });
    *body_size = 0;
    return MHD_YES;
  }
  serving.attempt([&] { serving.answer = serving.exchange->finish(); });
  const ResponseHandle response = make_response(*serving.answer);
  if (!response) return MHD_NO;
  for (const auto& [name, value] : serving.answer->headers) {
    http.add_response_header(response.get(), name.c_str(), value.c_str());
  }
  return http.queue_response(connection, serving.answer->status, response.get());
}

void complete(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  delete static_cast<Serving*>(*state);
  *state = nullptr;
}

Fd listen_on(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string place = fmt::format("{}:{}", address.host, address.port);
  if (const int status = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
      status != 0) {
    fail(ErrorCode::connection, fmt::format("cannot listen on {}: {}", place, ::gai_strerror(status)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  Fd socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Taken over by each connection: an event is sent when it happens.
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!socket || ::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(socket.get(), k_backlog) != 0) {
    fail(os_error(errno, fmt::format("cannot listen on {}", place), "choose another one with --listen HOST:PORT"));
  }
  return socket;
}

std::string url_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  ::getsockname(socket, address, &size);
  ::getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  const bool is_bracketed = storage.ss_family == AF_INET6;
  return fmt::format("http://{}{}{}:{}", is_bracketed ? "[" : "", host.data(), is_bracketed ? "]" : "", port.data());
}

void say_nothing(void*, const char*, va_list) {}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const ListenAddress& address, HttpHandler& handler)
      : m_socket(listen_on(address)), m_url(url_of(m_socket.get())) {
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                           MHD_USE_ITC | MHD_USE_ERROR_LOG;
    m_daemon.reset(libmicrohttpd().start_daemon(
        flags, 0, nullptr, nullptr, &serve_request, &handler, MHD_OPTION_EXTERNAL_LOGGER, &say_nothing, nullptr,
        MHD_OPTION_LISTEN_SOCKET, m_socket.get(), MHD_OPTION_CONNECTION_LIMIT, k_most_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, k_idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, k_connection_memory,
        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, k_connection_memory / 4, MHD_OPTION_THREAD_STACK_SIZE, k_thread_stack,
        MHD_OPTION_NOTIFY_COMPLETED, &complete, nullptr, MHD_OPTION_END));
    if (!m_daemon) fail(ErrorCode::internal, fmt::format("cannot serve {}", m_url));
    // The library closes it.
    m_socket.release();
  }

  const std::string& url() const { return m_url; }
  void stop_listening() { m_socket = Fd(libmicrohttpd().quiesce_daemon(m_daemon.get())); }

 private:
  Fd m_socket;
  std::string m_url;
  DaemonHandle m_daemon;
};

HttpServer::HttpServer(const ListenAddress& address, HttpHandler& handler)
    : m_impl(std::make_unique<Impl>(address, handler)) {}
HttpServer::~HttpServer() = default;
std::string HttpServer::url() const { return m_impl->url(); }
void HttpServer::stop_listening() { m_impl->stop_listening(); }

}  // namespace spillway::sandboxd
