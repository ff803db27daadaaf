#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::sandbox {

/// The last lines of a text that comes piece by piece, in bounded memory: 20 lines, each cut after 1,000 bytes.
class LastLines {
 public:
  void append(std::string_view bytes);
  /// Without blank ones, as valid UTF-8; one that has not ended counts.
  std::vector<std::string> lines() const;

 private:
  std::deque<std::string> m_lines{std::string()};  ///< the last one is still growing
};

}  // namespace spillway::sandbox
