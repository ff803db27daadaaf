#include "e2b_host.hpp"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "support/process.hpp"

namespace spillway::testing {
namespace {

std::vector<std::string> with_template(const TempDir& folder, std::vector<std::string> options) {
  const ProcessResult made = run_spillway({"e2b", "template", "--unpacked", "--output", folder.path().string()}, {});
  if (made.exit_code != 0) throw std::runtime_error(made.err);
  options.push_back("--template=base=" + folder.path().string());
  return options;
}

}  // namespace

E2bHost::E2bHost(const std::vector<std::string>& options) : m_server(with_template(m_template, options)) {}

std::size_t E2bHost::sandboxes() const {
  ProcessOptions options;
  options.environment = environment();
  const ProcessResult listed = run_spillway({"sandboxes", "list", "--json"}, options);
  if (listed.exit_code != 0) throw std::runtime_error(listed.err);
  return nlohmann::json::parse(listed.out).at("sandboxes").size();
}

}  // namespace spillway::testing
