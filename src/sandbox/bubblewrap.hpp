#pragma once

#include <string>
#include <vector>

#include "sandbox/view.hpp"

namespace spillway::sandbox {

/// The path of bubblewrap. Throws ErrorCode::sandbox where it is not installed.
std::string find_bwrap();
/// The options of bubblewrap that make a mount.
void add_mount(std::vector<std::string>& options, const Mount& mount);
/// Those that hide what of /proc tells of the kernel rather than of the sandbox's processes. Whoever runs the sandbox
/// as root owns these files, also from inside.
void hide_kernel(std::vector<std::string>& options);

}  // namespace spillway::sandbox
