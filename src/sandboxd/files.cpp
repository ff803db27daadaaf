#include "sandboxd/files.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandboxd/json_response.hpp"
#include "util/strings.hpp"

namespace spillway::sandboxd {
namespace {

constexpr unsigned k_partial = 206;
constexpr unsigned k_bad_range = 416;

std::string http_date(WallTime time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

/// One file that is being written. Its place is on the disk already when nothing of it is.
class Writing {
 public:
  explicit Writing(OpenFile open) : m_open(std::move(open)) {}
  const std::string& path() const { return m_open.path; }

  void append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(m_open.file.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw rpc_error_of(errno, fmt::format("cannot write '{}'", m_open.path));
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

 private:
  OpenFile m_open;
};

/// Undoes gzip as the bytes come.
class Inflater {
 public:
  Inflater() {
    constexpr int k_gzip_window = 16 + MAX_WBITS;
    if (::inflateInit2(&m_stream, k_gzip_window) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { ::inflateEnd(&m_stream); }

  template <typename Take>
  void push(std::string_view bytes, Take take) {
    std::array<char, std::size_t{64} * 1024> plain{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): zlib does not write there
    m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    m_stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      if (m_is_complete) throw RpcError(RpcCode::invalid_argument, "something follows the compressed body");
      m_stream.next_out = reinterpret_cast<Bytef*>(plain.data());
      m_stream.avail_out = plain.size();
      const int status = ::inflate(&m_stream, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        throw RpcError(RpcCode::invalid_argument, "the body is not the gzip that it is said to be");
      }
      m_is_complete = status == Z_STREAM_END;
      take(std::string_view(plain.data(), plain.size() - m_stream.avail_out));
    } while (m_stream.avail_in > 0 || m_stream.avail_out == 0);
  }
  void finish() const {
    if (!m_is_complete) throw RpcError(RpcCode::invalid_argument, "the compressed body ends too early");
  }

 private:
  z_stream m_stream{};
  bool m_is_complete = false;
};

HttpResponse written(const std::vector<std::string>& paths) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const std::string& path : paths) {
    list.push_back({{"path", path}, {"name", std::filesystem::path(path).filename().string()}, {"type", "file"}});
  }
  return json_response(k_http_ok, list);
}

/// Takes the body apart; where its bytes go is its subclasses' matter.
class Upload : public Exchange {
 public:
  Upload(std::shared_ptr<Sandbox> sandbox, bool is_compressed) : m_sandbox(std::move(sandbox)) {
    if (is_compressed) m_inflater = std::make_unique<Inflater>();
  }

  void take(std::string_view piece) override {
    answering([&] {
      if (m_inflater) {
        m_inflater->push(piece, [&](std::string_view plain) { take_plain(plain); });
      } else {
        take_plain(piece);
      }
    });
  }

  HttpResponse finish() override {
    answering([&] {
      if (m_inflater) m_inflater->finish();
      finish_plain();
    });
    return written(m_paths);
  }

 protected:
  virtual void take_plain(std::string_view piece) = 0;
  virtual void finish_plain() = 0;

  void open(const std::string& path) {
    m_writing.emplace(m_sandbox->open_to_write(path));
    if (std::ranges::find(m_paths, m_writing->path()) != m_paths.end()) {
      throw RpcError(RpcCode::invalid_argument, fmt::format("path '{}' is uploaded twice", path));
    }
    m_paths.push_back(m_writing->path());
  }
  void append(std::string_view bytes) { m_writing->append(bytes); }
  bool is_open() const { return m_writing.has_value(); }

 private:
  template <typename Action>
  static void answering(Action action) {
    try {
      action();
    } catch (const RpcError& error) {
      throw Refused(error_response(error));
    }
  }

  std::shared_ptr<Sandbox> m_sandbox;
  std::unique_ptr<Inflater> m_inflater;
  std::optional<Writing> m_writing;
  std::vector<std::string> m_paths;
};

class RawUpload : public Upload {
 public:
  RawUpload(const std::shared_ptr<Sandbox>& sandbox, bool is_compressed, const std::string& path)
      : Upload(sandbox, is_compressed) {
    open(path);
  }

 private:
  void take_plain(std::string_view piece) override { append(piece); }
  void finish_plain() override {}
};

class FormUpload : public Upload, private FormSink {
 public:
  FormUpload(const std::shared_ptr<Sandbox>& sandbox, bool is_compressed, const HttpRequest& request)
      : Upload(sandbox, is_compressed), m_path(request.parameter("path")), m_reader(request.read_form(*this)) {
    if (!m_reader) throw RpcError(RpcCode::invalid_argument, "the form has no boundary, or one that is too short");
  }

 private:
  void take_plain(std::string_view piece) override {
    if (!m_reader->take(piece)) throw RpcError(RpcCode::invalid_argument, "the form makes no sense");
  }
  void finish_plain() override {
    if (!is_open()) throw RpcError(RpcCode::invalid_argument, "the form has no file");
  }

  void begin_file(std::string_view field, std::string_view filename) override {
    m_is_file = field == "file";
    if (!m_is_file) return;
    const std::string path = m_path.empty() ? std::string(filename) : m_path;
    if (path.empty()) throw RpcError(RpcCode::invalid_argument, "a file of the form has no name");
    open(path);
  }
  void take_piece(std::string_view piece) override {
    if (m_is_file) append(piece);
  }

  std::string m_path;
  bool m_is_file = false;
  std::unique_ptr<FormReader> m_reader;
};

}  // namespace

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view k_unit = "bytes=";
  const std::pair whole{std::uint64_t{0}, size};
  const std::size_t dash = header.find('-');
  if (!header.starts_with(k_unit) || dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
    return whole;
  }
  const std::string_view from = trim(header.substr(k_unit.size(), dash - k_unit.size()));
  const std::string_view to = trim(header.substr(dash + 1));
  const std::optional<std::uint64_t> first = parse_uint(from);
  const std::optional<std::uint64_t> last = parse_uint(to);
  if (from.empty() && last) {
    const std::uint64_t count = std::min(*last, size);
    if (count == 0) return std::nullopt;
    return std::pair{size - count, count};
  }
  if (!first || (!to.empty() && !last) || (last && *last < *first)) return whole;
  if (*first >= size) return std::nullopt;
  return std::pair{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
}

HttpResponse download(Sandbox& sandbox, const HttpRequest& request) {
  const std::string_view path = request.parameter("path");
  OpenFile open = sandbox.open_to_read(std::string(path));
  HttpResponse response{k_http_ok,
                        {{"Content-Type", "application/octet-stream"},
                         {"Accept-Ranges", "bytes"},
                         {"Last-Modified", http_date(open.changed)},
                         {"Content-Disposition", "inline"}},
                        std::string()};
  const std::string_view range = request.header("range");
  const auto part = parse_range(range, open.size);
  if (!part) {
    HttpResponse refused = error_response(k_bad_range, fmt::format("the file has {} bytes", open.size));
    refused.headers.emplace_back("Content-Range", fmt::format("bytes */{}", open.size));
    return refused;
  }
  if (part->second < open.size) {
    response.status = k_partial;
    response.headers.emplace_back(
        "Content-Range", fmt::format("bytes {}-{}/{}", part->first, part->first + part->second - 1, open.size));
  }
  if (part->second > 0) response.body = FilePart{std::move(open.file), part->first, part->second};
  return response;
}

std::unique_ptr<Exchange> begin_upload(const std::shared_ptr<Sandbox>& sandbox, const HttpRequest& request) {
  const std::string_view encoding = request.header("content-encoding");
  if (!encoding.empty() && encoding != "identity" && encoding != "gzip") {
    throw RpcError(RpcCode::invalid_argument, fmt::format("Content-Encoding '{}' is not understood here", encoding));
  }
  const bool is_compressed = encoding == "gzip";
  const std::string type = request.media_type();
  if (type == "multipart/form-data") return std::make_unique<FormUpload>(sandbox, is_compressed, request);
  if (type != "application/octet-stream") {
    throw RpcError(RpcCode::invalid_argument, fmt::format("Content-Type '{}' is not understood here", type));
  }
  const std::string path(request.parameter("path"));
  if (path.empty()) throw RpcError(RpcCode::invalid_argument, "the parameter 'path' is missing");
  return std::make_unique<RawUpload>(sandbox, is_compressed, path);
}

}  // namespace spillway::sandboxd
