#include "pipeline/fix.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "util/secret.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// Where a place is in a text as it was saved: behind a byte order mark, with lines ended by \n, \r\n or \r.
std::size_t offset_of(std::string_view text, std::size_t line, std::size_t column) {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (; line > 1 && at < text.size(); --line) {
    at = std::min(text.find_first_of("\r\n", at), text.size());
    at += text.substr(at).starts_with("\r\n") ? 2 : 1;
  }
  at = std::min(at, text.size());
  return at + byte_of_character(text.substr(at), column - 1);
}

}  // namespace

std::string apply_fixes(std::string_view text, const std::vector<Error>& errors) {
  struct Edit {
    std::size_t offset;
    const TextFix* fix;
  };
  std::vector<Edit> edits;
  for (const Error& error : errors) {
    if (error.fix) edits.push_back({offset_of(text, error.fix->line, error.fix->column), &*error.fix});
  }
  std::ranges::stable_sort(edits, {}, &Edit::offset);
  std::string fixed;
  std::size_t done = 0;
  for (const Edit& edit : edits) {
    if (edit.offset < done || !text.substr(edit.offset).starts_with(edit.fix->old_text)) continue;
    fixed += text.substr(done, edit.offset - done);
    fixed += edit.fix->new_text;
    done = edit.offset + edit.fix->old_text.size();
  }
  return fixed += text.substr(done);
}

std::string line_diff(std::string_view before, std::string_view after, const std::string& file_name) {
  const std::vector<std::string> old_lines = split(before, '\n');
  const std::vector<std::string> new_lines = split(after, '\n');
  std::string diff = fmt::format("--- {0}\n+++ {0}\n", file_name);
  for (std::size_t i = 0; i < old_lines.size() && i < new_lines.size(); ++i) {
    if (old_lines[i] == new_lines[i]) continue;
    const auto shown = [](const std::string& line) { return may_show_secret(line) ? "***" : line; };
    diff += fmt::format("@@ -{0} +{0} @@\n-{1}\n+{2}\n", i + 1, shown(old_lines[i]), shown(new_lines[i]));
  }
  return diff;
}

}  // namespace spillway::pipeline
