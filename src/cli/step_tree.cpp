#include "cli/step_tree.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace spillway::cli {

std::vector<TreeLine> step_tree(const pipeline::Manifest& manifest) {
  using pipeline::ManifestStep;
  std::map<std::string_view, std::vector<const ManifestStep*>> children;  // the roots are those of ""
  std::map<std::string_view, std::size_t> places;
  for (const ManifestStep& step : manifest.steps) {
    std::string_view parent;
    for (const std::string& need : step.needs) {
      if (parent.empty() || places[need] > places[parent]) parent = need;
    }
    children[parent].push_back(&step);
    places[step.id] = places.size();
  }
  struct Open {
    const ManifestStep* step;
    std::string indent;  ///< of the line itself
    bool is_root;
    bool is_last;
  };
  std::vector<Open> open;
  const auto add_children = [&](std::string_view parent, const std::string& indent) {
    const std::vector<const ManifestStep*>& steps = children[parent];
    for (std::size_t i = steps.size(); i-- > 0;) {
      open.push_back({steps[i], indent, parent.empty(), i + 1 == steps.size()});
    }
  };
  std::vector<TreeLine> lines;
  add_children({}, {});
  while (!open.empty()) {
    const Open current = open.back();
    open.pop_back();
    std::string_view mark = current.is_last ? "`- " : "|- ";
    if (current.is_root) mark = "";
    lines.push_back({current.step, current.indent + std::string(mark)});
    std::string indent = current.indent;
    const bool is_deep = indent.size() >= k_max_tree_depth * mark.size();
    if (!current.is_root && !is_deep) indent += current.is_last ? "   " : "|  ";
    add_children(current.step->id, indent);
  }
  return lines;
}

}  // namespace spillway::cli
