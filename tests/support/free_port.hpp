#pragma once

namespace spillway::testing {

/// A port of the IPv4 loopback that was free a moment ago.
int free_port();

}  // namespace spillway::testing
