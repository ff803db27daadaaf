#pragma once

#include "pipeline/component.hpp"

namespace spillway::pipeline {

/// The JSON Schema (draft 7) of OML 0.1.0 with the config of every component of the catalog merged in, for editors
/// and models. It refuses what can be told from the form alone: unknown keys and options, wrong types, missing keys.
Json oml_schema(const ComponentCatalog& catalog);

}  // namespace spillway::pipeline
