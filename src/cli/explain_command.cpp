#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "pipeline/codes.hpp"
#include "util/strings.hpp"

namespace spillway::cli {
namespace {

constexpr auto k_explain_help =
    R"(CODE is what stands in brackets behind an error of validate, compile or run. Without it all codes are listed.

Examples:
  spillway explain OML201
  spillway explain --json | jq -r '.codes[] | .code + " " + .title')";

nlohmann::ordered_json code_json(const pipeline::CodeEntry& entry) {
  return {{"code", entry.id}, {"title", entry.title}, {"cause", entry.cause}, {"cure", entry.cure}};
}

Error unknown_code(const std::string& code) {
  std::vector<std::string> ids;
  for (const pipeline::CodeEntry& entry : pipeline::code_table()) ids.emplace_back(entry.id);
  const auto near = closest_match(code, ids);
  return make_error(ErrorCode::usage, fmt::format("unknown error code '{}'", code),
                    near ? fmt::format("did you mean '{}'?", *near) : "spillway explain lists all of them");
}

class ExplainCommand : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("CODE", m_code, "An error code such as OML201")->type_name("");
    app.add_flag("--json", m_json, "Print the result as JSON on standard output");
    app.footer(k_explain_help);
  }

  int execute(Console& console) override {
    if (m_json) console.use_json();
    if (m_code.empty()) {
      list_codes(console);
      return 0;
    }
    const pipeline::CodeEntry* entry = pipeline::find_code(m_code);
    if (entry == nullptr) fail(unknown_code(m_code));
    if (m_json) {
      console.json(code_json(*entry));
    } else {
      console.data(
          fmt::format("{}: {}\n\nCause: {}\n\nCure: {}\n", entry->id, entry->title, entry->cause, entry->cure));
    }
    return 0;
  }

 private:
  void list_codes(const Console& console) const {
    if (m_json) {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const pipeline::CodeEntry& entry : pipeline::code_table()) list.push_back(code_json(entry));
      console.json({{"codes", std::move(list)}});
      return;
    }
    std::string text;
    for (const pipeline::CodeEntry& entry : pipeline::code_table()) {
      text += fmt::format("{}  {}\n", entry.id, entry.title);
    }
    console.data(text);
  }

  std::string m_code;
  bool m_json = false;
};

}  // namespace

std::unique_ptr<Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace spillway::cli
