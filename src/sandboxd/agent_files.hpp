#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "util/fd.hpp"

namespace spillway::sandboxd {

/// Where relative paths and ~ start, and what an empty path means.
constexpr auto k_home = "/home/user";
/// Absolute, for a path as clients write it.
std::string absolute_path(const std::string& path);

/// What the agent does with files. Paths are those of the sandbox, absolute; errors are RpcErrors.
/// A regular file, to be read.
Fd open_to_read(const std::string& path);
/// A regular file, made or emptied, with the folders above it.
Fd open_to_write(const std::string& path);
/// An EntryInfo of the protocol.
nlohmann::json stat_entry(const std::string& path);
/// The entries of a folder, and of those in it down to `depth`.
nlohmann::json list_folder(const std::string& path, std::uint64_t depth);
nlohmann::json make_folder(const std::string& path);
nlohmann::json move_entry(const std::string& from, const std::string& to);
/// With everything in it; nothing when there is none.
void remove_entry(const std::string& path);

}  // namespace spillway::sandboxd
