#include "worker/connections.hpp"

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::worker {

Json Connections::fields_for(const std::string& step_id, const Json& config,
                             const pipeline::ComponentSpec& spec) const {
  const auto reference = config.find("connection");
  if (!spec.connection || (reference == config.end() && !spec.connection->is_required)) return {};
  const std::string name = reference == config.end() ? "@" + spec.connection->family : reference->get<std::string>();
  const auto found = m_by_reference.find(name);
  if (found == m_by_reference.end() || !found->is_object()) {
    fail(ErrorCode::connection,
         fmt::format("cannot run step '{}': the worker was not given the connection '{}'", step_id, name),
         "prepare brings the connections that steps name");
  }
  Json fields = *found;
  for (const auto& [field, policy] : spec.connection->fields) {
    if (config.contains(field)) fields[field] = config.at(field);
  }
  return fields;
}

}  // namespace spillway::worker
