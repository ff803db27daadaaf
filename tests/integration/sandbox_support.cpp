#include "sandbox_support.hpp"

#include "support/process.hpp"

namespace spillway::testing {

std::string no_bwrap_reason() {
  static const std::string reason = [] {
    const ProcessResult tried =
        Process({"/bin/sh", "-c",
                 "bwrap --unshare-user --unshare-pid --unshare-net --ro-bind / / --proc /proc --dev /dev true"},
                {})
            .wait();
    return tried.exit_code == 0 ? "" : "no bubblewrap sandbox on this machine: " + tried.err;
  }();
  return reason;
}

}  // namespace spillway::testing
