// A tool of the build: embed_specs OUTPUT.cpp SPEC.yaml... writes the source file that defines embedded_specs()
// (src/pipeline/embedded_specs.hpp). The specs become JSON here, once, because reading YAML would be most of what
// `spillway validate` does. A spec's name is that of its folder.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "pipeline/reader.hpp"
#include "util/file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace spillway;

std::string as_json(const fs::path& spec) {
  pipeline::Diagnostics diagnostics(spec.string());
  const auto root = pipeline::read_document(value_or_throw(read_file(spec)), diagnostics);
  if (!diagnostics.empty()) fail(diagnostics.take().front());
  return root->to_json().dump();
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
