#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace spillway {

/// Whether a path is a pattern: it holds *, ? or [.
bool is_glob(std::string_view path);

/// The regular files that a pattern matches, sorted by name: * and ? stand for characters of one name, [abc] for one
/// of them, ** for any number of folders. Names that start with a dot are matched only by patterns that do. A path
/// that is no pattern is returned as it is, whether it exists or not. Folders that cannot be read are passed over.
std::vector<std::filesystem::path> expand_glob(const std::string& pattern);

}  // namespace spillway
