#pragma once

#include <filesystem>
#include <vector>

namespace spillway {

/// The libraries that this process has loaded so far, the dynamic loader included, each under the path by which it
/// was found. The program itself is not among them.
std::vector<std::filesystem::path> loaded_libraries();

}  // namespace spillway
