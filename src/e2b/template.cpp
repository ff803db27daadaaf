#include "e2b/template.hpp"

#include <fmt/format.h>

#include "util/version.hpp"

namespace spillway::e2b {

std::string template_part_name(std::size_t part) { return fmt::format("spillway.{}.tar.gz", part); }

std::string template_dockerfile(const Bundle& bundle) {
  std::string copied;
  std::string unpacked;
  for (std::size_t part = 0; part < bundle.parts.size(); ++part) {
    copied += fmt::format("COPY {0} /tmp/{0}\n", template_part_name(part));
    unpacked += fmt::format(" \\\n && tar -xzf /tmp/{0} -C /opt/spillway/{1} && rm /tmp/{0}",
                            template_part_name(part), bundle.hash);
  }
  return fmt::format(
      "# The worker of spillway {} in a sandbox of E2B: what a run would upload otherwise.\n"
      "# Another build of spillway is another bundle: make the template anew with it.\n"
      "FROM e2bdev/base\n"
      "USER root\n"
      "{}"
      "RUN mkdir -p /opt/spillway/{}{}\n"
      "USER user\n",
      k_program_version, copied, bundle.hash, unpacked);
}

std::string template_toml() {
  return R"(# spillway run PIPELINE --e2b --e2b-template spillway
template_name = "spillway"
dockerfile = "e2b.Dockerfile"
cpu_count = 2
memory_mb = 2048
)";
}

}  // namespace spillway::e2b
