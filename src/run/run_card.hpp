#pragma once

#include <nlohmann/json_fwd.hpp>

#include "run/outcome.hpp"

namespace spillway::run {

/// Relative to the run directory.
inline constexpr auto k_run_card_path = "artifacts/_system/run_card.json";

/// Keeps its fields in the order in which a person reads them.
using OrderedJson = nlohmann::ordered_json;

/// artifacts/_system/run_card.json (contracts.md, "The run card").
OrderedJson run_card(const RunOutcome& outcome);
/// status.json: the same truth in short, for whoever started the run.
OrderedJson status_json(const RunOutcome& outcome);
/// An error as cards and `--json` show it: code (of a diagnostic its id, such as OML201), type, message, hint, and
/// what it has of the place, the source line and a fix.
OrderedJson error_json(const Error& error);
/// JSON as a file holds it: indented, with bytes that are no UTF-8 replaced, and a newline at the end.
std::string to_file_text(const OrderedJson& json);

}  // namespace spillway::run
