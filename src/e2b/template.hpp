#pragma once

#include <string>

#include "e2b/bundle.hpp"

namespace spillway::e2b {

/// The files of a template of E2B that has the bundle baked in, for its command line tool (`e2b template build`) and
/// for its SDK (Template().fromDockerfile). The bundle's parts stand beside them, as part_name says.
std::string template_dockerfile(const Bundle& bundle);
std::string template_toml();
std::string template_part_name(std::size_t part);
inline constexpr auto k_dockerfile_name = "e2b.Dockerfile";
inline constexpr auto k_toml_name = "e2b.toml";

}  // namespace spillway::e2b
