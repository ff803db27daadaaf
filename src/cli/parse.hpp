#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace spillway::cli {

/// The command line of a verb as CLI11 sees it; `command` outlives it.
std::unique_ptr<CLI::App> make_app(const Verb& verb, Command& command);
/// Parses what follows the verb into its command. False when help was asked for and shown. Throws ErrorCode::usage.
bool parse(CLI::App& app, const std::vector<std::string>& arguments, const Console& console);

}  // namespace spillway::cli
