#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sandbox/channel.hpp"

namespace spillway::sandbox {

/// A place of the file system as a sandboxed worker sees it, under the path that it has outside.
struct Mount {
  enum class Kind {
    readable,      ///< a file or a folder that cannot be changed
    writable,      ///< a folder that can
    empty_folder,  ///< of which only the name is known
    hidden,        ///< a folder whose content is covered up
  };
  std::filesystem::path path;
  Kind kind = Kind::readable;
  std::filesystem::path source = {};  ///< where it is outside, when that is another path

  bool operator==(const Mount&) const = default;
};

/// What a run needs to see and nothing else, derived from its manifest and step configs; a folder stands before what
/// is in it. Creates nothing: an output folder that does not exist is not in it.
std::vector<Mount> view_of(const RunPlace& place);

/// The folders of the named outputs, absolute. Throws ErrorCode::sandbox for one that would open more than a run may
/// see: the root, the home and what is above it, the system's own folders.
std::vector<std::filesystem::path> output_folders(const RunPlace& place);

/// This program, its libraries and the engine's, each under the path by which it is loaded.
std::vector<Mount> program_files();

}  // namespace spillway::sandbox
