// A tar stream from the other end of a channel, in pieces: reading it ends by its end or by a refusal, and what comes
// through has a name below the folder that it is meant for, and no more bytes than were announced.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "util/error.hpp"
#include "util/tar.hpp"

namespace {

constexpr spillway::TarContent k_announced{8, 4096};
constexpr std::size_t k_piece_bytes = 700;

class Checker : public spillway::TarVisitor {
 public:
  void folder(const std::string& name) override { check(name); }
  void begin_file(const std::string& name, std::uint64_t) override { check(name); }
  void append(std::string_view bytes) override {
    m_bytes += bytes.size();
    if (m_bytes > k_announced.bytes) std::abort();
  }
  void end_file() override {}

 private:
  void check(const std::string& name) {
    const std::string path = "/" + name + "/";
    if (path.find("//") != std::string::npos || path.find("/../") != std::string::npos) std::abort();
    if (++m_entries > k_announced.entries) std::abort();
  }

  std::uint64_t m_entries = 0;
  std::uint64_t m_bytes = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view left(reinterpret_cast<const char*>(data), size);
  Checker checker;
  try {
    spillway::TarReader reader(k_announced, checker);
    while (!left.empty()) {
      reader.append(left.substr(0, k_piece_bytes));
      left.remove_prefix(std::min(k_piece_bytes, left.size()));
    }
    reader.finish();
  } catch (const spillway::Exception&) {
  }
  return 0;
}
