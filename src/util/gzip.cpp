#include "util/gzip.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#define ZLIB_CONST  // its input is not written to
#include <zlib.h>

#include "util/error.hpp"

namespace spillway {
namespace {

/// Large enough that parts pack nearly as well as the whole.
constexpr std::size_t k_part_bytes = std::size_t{2} * 1024 * 1024;
constexpr int k_gzip_format = 16 + MAX_WBITS;
constexpr int k_memory_level = 8;

std::string pack(std::string_view bytes, int level) {
  z_stream stream{};
  if (::deflateInit2(&stream, level, Z_DEFLATED, k_gzip_format, k_memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed(::deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

}  // namespace

std::string gzip(std::string_view bytes, GzipEffort effort) {
  const int level = effort == GzipEffort::quick ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION;
  const std::size_t count = std::max<std::size_t>(1, (bytes.size() + k_part_bytes - 1) / k_part_bytes);
  std::vector<std::string> parts(count);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t at = next++; at < count; at = next++) {
      parts[at] = pack(bytes.substr(at * k_part_bytes, k_part_bytes), level);
    }
  };
  std::vector<std::thread> others;
  const std::size_t workers = std::min<std::size_t>(count, std::max(1U, std::thread::hardware_concurrency()));
  for (std::size_t i = 1; i < workers; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  std::string whole;
  for (std::string& part : parts) {
    whole += part;
    part = {};
  }
  return whole;
}

}  // namespace spillway
