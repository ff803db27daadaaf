// A tool of the build: embed_specs OUTPUT.cpp SPEC.yaml... writes the source file that defines embedded_specs()
// (src/pipeline/embedded_specs.hpp). The specs become JSON here, once, because reading YAML would be most of what
// `spillway validate` does, and a wrong one fails the build. A spec's name is that of its folder.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "pipeline/spec_document.hpp"
#include "util/file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace spillway;

std::string as_json(const fs::path& spec) {
  const std::string name = spec.parent_path().filename();
  auto json = pipeline::read_spec(value_or_throw(read_file(spec)), spec.string(), name);
  if (!json) fail(json.error().front());
  return json->dump();
}

std::string source_of(int count, char** specs) {
  std::string source =
      "#include \"pipeline/embedded_specs.hpp\"\n\nnamespace spillway::pipeline {\nnamespace {\n\n"
      "constexpr EmbeddedSpec k_specs[] = {\n";
  for (int i = 0; i < count; ++i) {
    const fs::path spec = specs[i];
    source += "    {\"" + spec.parent_path().filename().string() + "\", R\"spec(" + as_json(spec) + ")spec\"},\n";
  }
  return source +
         "};\n\n}  // namespace\n\nstd::span<const EmbeddedSpec> embedded_specs() { return k_specs; }\n\n"
         "}  // namespace spillway::pipeline\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    std::ofstream output(argv[1]);
    output << source_of(argc - 2, argv + 2);
    return output.flush() ? 0 : 1;
  } catch (const Exception& exception) {
    std::cerr << exception.error().to_display() << "\n";
    return 1;
  }
}
