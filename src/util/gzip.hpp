#pragma once

#include <string>
#include <string_view>

namespace spillway {

/// From little work to few bytes.
enum class GzipEffort { quick, usual };

/// The bytes packed as a gzip file, the same for the same bytes. Large ones are packed by all cores, as parts that
/// any gzip reads as one.
std::string gzip(std::string_view bytes, GzipEffort effort);

}  // namespace spillway
