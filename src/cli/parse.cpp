#include "cli/parse.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::cli {
namespace {

constexpr std::size_t k_option_column = 28;

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string see_help(const CLI::App& app) { return fmt::format("{} --help shows what it takes", app.get_name()); }

Error unexpected_argument(const CLI::App& app, const std::string& argument) {
  if (!argument.starts_with('-') || argument == "-") {
    return make_error(ErrorCode::usage, fmt::format("unexpected argument '{}'", argument), see_help(app));
  }
  const std::string name = argument.substr(0, argument.find('='));
  const auto near = closest_match(name, option_names(app));
  return make_error(ErrorCode::usage, fmt::format("unknown option '{}'", name),
                    near ? fmt::format("did you mean '{}'?", *near) : see_help(app));
}

/// CLI11 says "PIPELINE is required" and "--out: 1 required DIR missing"; here every error has one form.
Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const std::string what = error.what();
  std::string message = fmt::format("cannot understand the command line: {}", what);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    message = fmt::format("missing argument '{}'", what.substr(0, what.find(' ')));
  } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && what.ends_with(" missing")) {
    message = fmt::format("option '{}' needs a value", what.substr(0, what.find(':')));
  } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    message = fmt::format("option '{}' is given more than once", what.substr(0, what.find(':')));
  }
  return make_error(ErrorCode::usage, std::move(message), see_help(app));
}

}  // namespace

std::unique_ptr<CLI::App> make_app(const Verb& verb, Command& command) {
  auto app = std::make_unique<CLI::App>(std::string(verb.summary) + ".", fmt::format("spillway {}", verb.name));
  app->get_formatter()->column_width(k_option_column);
  app->get_formatter()->label("Positionals", "Arguments");
  app->get_formatter()->label("REQUIRED", "");
  app->set_help_flag("-h,--help", "Show this text");
  app->allow_extras();
  command.declare(*app);
  return app;
}

bool parse(CLI::App& app, const std::vector<std::string>& arguments, const Console& console) {
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    console.data(app.help());
    return false;
  } catch (const CLI::ParseError& error) {
    fail(usage_error(app, error));
  }
  if (const std::vector<std::string> extras = app.remaining(); !extras.empty()) {
    fail(unexpected_argument(app, extras.front()));
  }
  return true;
}

}  // namespace spillway::cli
