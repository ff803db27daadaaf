// Pipeline documents and manifests: whatever the bytes, the answer is a manifest or diagnostics with a place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pipeline/compile.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const spillway::pipeline::ComponentCatalog k_catalog = spillway::pipeline::ComponentCatalog::built_in();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto compiled = spillway::pipeline::compile(text, "fuzz.yaml", k_catalog);
  if (compiled) {
    // What was compiled must be readable, and mean the same.
    const std::string yaml = compiled->manifest.to_yaml();
    const auto again = spillway::pipeline::manifest_from_yaml(yaml, "manifest.yaml");
    if (!again || again->to_yaml() != yaml) std::abort();
  } else if (compiled.error().empty()) {
    std::abort();
  }
  static_cast<void>(spillway::pipeline::is_manifest(text));
  static_cast<void>(spillway::pipeline::manifest_from_yaml(text, "fuzz.yaml"));
  return 0;
}
