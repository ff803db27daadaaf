// Values of a step's config with ${…}, and what parameters are given: whatever the bytes, the answer is a config
// without a reference that was to be replaced, or diagnostics.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "pipeline/compile.hpp"
#include "pipeline/sql_names.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spillway::pipeline;
  static const ComponentCatalog k_catalog = ComponentCatalog::built_in();
  const std::string text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(table_names_in(text));
  const std::string quoted = Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
  const std::string document =
      "oml_version: \"0.1.0\"\nname: fuzz\nparams: {a: {default: x}, n: {type: integer, default: 5}}\nsteps:\n"
      "- {id: e, component: filesystem.csv_extractor, config: {path: in.csv, limit: \"${params.n}\"}}\n"
      "- {id: q, component: duckdb.processor, config: {query: " +
      quoted + "}}\n";
  CompileOptions options;
  options.parameters.flags["a"] = text;
  const auto compiled = compile(document, "fuzz.yaml", k_catalog, options);
  if (!compiled) {
    if (compiled.error().empty()) std::abort();
    return 0;
  }
  if (Json::parse(compiled->files.at("cfg/e.json")).at("limit") != 5) std::abort();
  if (manifest_from_yaml(compiled->manifest.to_yaml(), "manifest.yaml")->hash() != compiled->manifest.hash()) {
    std::abort();
  }
  return 0;
}
