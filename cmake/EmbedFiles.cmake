# Writes a C++ file that defines spillway::pipeline::embedded_specs() (src/pipeline/embedded_specs.hpp). Run as a script:
#   cmake -DOUTPUT=file.cpp "-DSPECS=components/a/spec.yaml;components/b/spec.yaml" -P EmbedFiles.cmake
# A spec's name is that of its folder.
set(entries "")
foreach(spec IN LISTS SPECS)
  get_filename_component(folder "${spec}" DIRECTORY)
  get_filename_component(name "${folder}" NAME)
  file(READ "${spec}" text)
  # Brackets would make CMake take the text for a list; it is only ever used quoted.
  string(APPEND entries "    {\"${name}\", R\"spec(${text})spec\"},\n")
endforeach()
file(
  WRITE "${OUTPUT}"
  "#include \"pipeline/embedded_specs.hpp\"

namespace spillway::pipeline {
namespace {

constexpr EmbeddedSpec k_specs[] = {
${entries}};

}  // namespace

std::span<const EmbeddedSpec> embedded_specs() { return k_specs; }

}  // namespace spillway::pipeline
")
