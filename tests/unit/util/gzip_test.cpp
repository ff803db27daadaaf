#include "util/gzip.hpp"

#include <zlib.h>

#include <cstdint>

#include <gtest/gtest.h>

namespace spillway {
namespace {

std::string gunzip(std::string_view packed) {
  std::string bytes;
  while (!packed.empty()) {  // a part each
    z_stream stream{};
    EXPECT_EQ(::inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    int status = Z_OK;
    while (status == Z_OK) {
      std::string piece(65536, '\0');
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      status = ::inflate(&stream, Z_NO_FLUSH);
      bytes.append(piece, 0, piece.size() - stream.avail_out);
    }
    EXPECT_EQ(status, Z_STREAM_END);
    packed.remove_prefix(packed.size() - stream.avail_in);
    ::inflateEnd(&stream);
  }
  return bytes;
}

TEST(Gzip, ItComesBackAndIsTheSameEachTime) {
  std::string bytes;
  for (int i = 0; bytes.size() < 5'000'000; ++i) bytes += std::to_string(std::int64_t{i} * i);
  for (const GzipEffort effort : {GzipEffort::quick, GzipEffort::usual}) {
    for (const std::string& text : {std::string(), std::string("a"), bytes.substr(0, 4 << 20), bytes}) {
      const std::string packed = gzip(text, effort);
      EXPECT_EQ(gunzip(packed), text);
      EXPECT_EQ(gzip(text, effort), packed);
    }
  }
  EXPECT_LT(gzip(bytes, GzipEffort::usual).size(), gzip(bytes, GzipEffort::quick).size());
}

}  // namespace
}  // namespace spillway
