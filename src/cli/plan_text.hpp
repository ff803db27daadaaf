#pragma once

#include "cli/console.hpp"
#include "config/settings.hpp"
#include "pipeline/component.hpp"
#include "run/plan.hpp"

namespace spillway::cli {

/// Shows what a run would do and touch, as a tree of its steps or as JSON. Opens nothing; looks up which of the files
/// to write exist.
void show_plan(const run::Plan& plan, const config::Settings& settings, const pipeline::ComponentCatalog& catalog,
               const Console& console);

}  // namespace spillway::cli
