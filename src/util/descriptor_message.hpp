#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "util/fd.hpp"

/// Descriptors that go from one process to another beside bytes, over a Unix stream socket: unix(7), SCM_RIGHTS.
namespace spillway {

constexpr std::size_t k_most_descriptors = 8;  ///< beside the bytes of one call

/// Sends some of the bytes, and the descriptors with the first of them. Returns how many bytes went, or -1 with
/// errno.
ssize_t send_with_descriptors(int socket, std::string_view bytes, std::span<const int> descriptors);

/// Waits for some bytes, at most `size`, and appends the descriptors that came with them: none of them is lost, also
/// when they are not wanted. Returns how many bytes came, 0 at the end of the stream, or -1 with errno.
ssize_t receive_with_descriptors(int socket, char* to, std::size_t size, std::vector<Fd>& descriptors);

}  // namespace spillway
