#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "config/wipe.hpp"
#include "pipeline/component.hpp"

namespace spillway::worker {

using Json = nlohmann::json;

/// The connections that `prepare` brought, by reference ("@postgres.main"), secrets included. They are in memory
/// only, and overwritten at the end.
class Connections {
 public:
  explicit Connections(Json by_reference) : m_by_reference(std::move(by_reference)) {}
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections() { config::wipe(m_by_reference); }

  /// The fields of the connection that a step's config names, overruled by those fields that the config sets itself;
  /// null when the component takes no connection, or an optional one that the config leaves out. Throws when
  /// `prepare` did not bring it.
  Json fields_for(const std::string& step_id, const Json& config, const pipeline::ComponentSpec& spec) const;

 private:
  Json m_by_reference;
};

}  // namespace spillway::worker
