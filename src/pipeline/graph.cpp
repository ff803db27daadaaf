#include "pipeline/graph.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

#include <fmt/format.h>

#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// A document with hundreds of unknown names gets no suggestion for the later ones: each is a search of all ids.
constexpr std::size_t k_max_suggestions = 100;
constexpr std::size_t k_max_listed = 12;

bool takes_input(const OmlStep& step) { return step.component != nullptr && step.component->role != Role::extractor; }

/// Whether a step takes the DataFrame of one that it needs: one that names its inputs may need others besides.
bool reads(const OmlStep& step, const std::vector<StepInput>& named_inputs, const std::string& need) {
  if (!takes_input(step)) return false;
  return step.inputs.empty() || std::ranges::find(named_inputs, need, &StepInput::from_step) != named_inputs.end();
}

class GraphBuilder {
 public:
  GraphBuilder(const OmlDocument& document, Diagnostics& diagnostics)
      : m_steps(document.steps), m_diagnostics(diagnostics) {
    for (std::size_t i = 0; i < m_steps.size(); ++i) {
      m_index.emplace(m_steps[i].id, i);
      m_by_sql_name[sql_name_of(m_steps[i].id)].push_back(i);
    }
    m_graph.needs.resize(m_steps.size());
    m_graph.named_inputs.resize(m_steps.size());
    m_graph.is_resolved.resize(m_steps.size());
  }

  Graph build() {
    for (std::size_t i = 0; i < m_steps.size(); ++i) {
      resolve_needs(i);
      check_inputs(i);
    }
    check_streams();
    sort();
    report_cycles();
    return std::move(m_graph);
  }

 private:
  void resolve_needs(std::size_t step);
  void resolve_inputs(std::size_t step);
  std::optional<std::size_t> find_source(const OmlInput& input, const OmlStep& step);
  void add_unknown(const std::string& step_id, Position position, const OmlStep& step, std::string_view format);
  void check_inputs(std::size_t step);
  void check_streams();
  void sort();
  void report_cycles();
  void report_cycle(std::vector<std::size_t> cycle);
  Position need_position(std::size_t step, std::size_t need) const;

  const std::vector<OmlStep>& m_steps;
  Diagnostics& m_diagnostics;
  std::unordered_map<std::string, std::size_t> m_index;
  std::unordered_map<std::string, std::vector<std::size_t>> m_by_sql_name;
  std::size_t m_suggestions = 0;
  Graph m_graph;
};

/// A step that does not say what it needs follows the one before it in the document, except an extractor: it takes no
/// input, and waiting for an unrelated step would only keep the two from running side by side.
void GraphBuilder::resolve_needs(std::size_t step) {
  const OmlStep& self = m_steps[step];
  if (!self.are_needs_readable) return;
  m_graph.is_resolved[step] = true;
  if (!self.needs && self.inputs.empty()) {
    if (takes_input(self) && step > 0) m_graph.needs[step] = {step - 1};
    return;
  }
  for (const OmlNeed& need : self.needs.value_or(std::vector<OmlNeed>())) {
    const auto found = m_index.find(need.step_id);
    if (found == m_index.end()) {
      m_graph.is_resolved[step] = false;
      add_unknown(need.step_id, need.position, self, "{}");
    } else if (need.step_id == self.id) {
      m_diagnostics.add(Code::self_need, need.position,
                        fmt::format("invalid need '{}': a step cannot need itself", need.step_id));
    } else {
      m_graph.needs[step].push_back(found->second);
    }
  }
  resolve_inputs(step);
}

/// An input implies the need.
void GraphBuilder::resolve_inputs(std::size_t step) {
  const OmlStep& self = m_steps[step];
  for (const OmlInput& input : self.inputs) {
    const auto source = find_source(input, self);
    if (!source) {
      m_graph.is_resolved[step] = false;
    } else if (*source == step) {
      m_diagnostics.add(Code::self_need, input.position,
                        fmt::format("invalid input '{}': step '{}' cannot read itself", input.key, self.id));
    } else {
      std::vector<std::size_t>& needs = m_graph.needs[step];
      if (std::ranges::find(needs, *source) == needs.end()) needs.push_back(*source);
      m_graph.named_inputs[step].push_back({input.key, m_steps[*source].id});
    }
  }
  std::ranges::sort(m_graph.named_inputs[step], {}, &StepInput::key);
}

/// The step of this id; else the only one whose id is this with other characters for '_'.
std::optional<std::size_t> GraphBuilder::find_source(const OmlInput& input, const OmlStep& step) {
  if (const auto exact = m_index.find(input.step_id); exact != m_index.end()) return exact->second;
  const auto similar = m_by_sql_name.find(input.step_id);
  if (similar == m_by_sql_name.end()) {
    add_unknown(input.step_id, input.position, step, "${{{}.df}}");
    return std::nullopt;
  }
  if (similar->second.size() == 1) return similar->second.front();
  std::vector<std::string> ids;
  for (std::size_t other : similar->second) ids.push_back(m_steps[other].id);
  m_diagnostics.add(Code::invalid_input_reference, input.position,
                    fmt::format("ambiguous input '{}' of step '{}': '{}' may be {}", input.key, step.id,
                                input.step_id, join(ids, " or ")),
                    fmt::format("write the id as it is, e.g. \"${{{}.df}}\"", ids.front()));
  return std::nullopt;
}

/// `format` is how the document writes a step's id at this place.
void GraphBuilder::add_unknown(const std::string& step_id, Position position, const OmlStep& step,
                               std::string_view format) {
  std::string hint;
  std::optional<TextFix> fix;
  if (++m_suggestions <= k_max_suggestions) {
    std::vector<std::string> ids;
    for (const OmlStep& other : m_steps) {
      if (other.id != step.id) ids.push_back(other.id);
    }
    if (const auto nearest = closest_match(step_id, ids)) {
      hint = fmt::format("did you mean '{}'?", *nearest);
      fix = fix_at(position, fmt::format(fmt::runtime(format), step_id), fmt::format(fmt::runtime(format), *nearest));
    } else if (ids.size() <= k_max_listed) {
      hint = fmt::format("the other steps: {}", join(ids, ", "));
    }
  }
  m_diagnostics
      .add(Code::unknown_step, position, fmt::format("unknown step '{}': step '{}' needs it", step_id, step.id),
           std::move(hint))
      .fix = std::move(fix);
}

void GraphBuilder::check_inputs(std::size_t step) {
  const OmlStep& self = m_steps[step];
  if (!takes_input(self) || !self.are_needs_readable) return;
  const bool names_nothing = self.inputs.empty() && (self.needs ? self.needs->empty() : step == 0);
  if (names_nothing) {
    m_diagnostics.add(Code::no_input, self.position,
                      fmt::format("step without input '{}': {} requires 'df' input", self.id, self.component->name),
                      "name the step that it reads, e.g. needs: [extract-orders]");
  }
  for (std::size_t need : m_graph.needs[step]) {
    const OmlStep& upstream = m_steps[need];
    if (upstream.component == nullptr || upstream.component->role != Role::writer) continue;
    if (!reads(self, m_graph.named_inputs[step], upstream.id)) continue;
    m_diagnostics.add(Code::input_from_writer, need_position(step, need),
                      fmt::format("invalid input '{}' of step '{}': {} is a writer and produces no DataFrame",
                                  upstream.id, self.id, upstream.component->name),
                      self.needs || !self.inputs.empty()
                          ? "name the step whose DataFrame it reads"
                          : "a step without needs follows the one before it; name the step that it reads in needs");
  }
}

/// The rows of a streamed step are there once, for one reader.
void GraphBuilder::check_streams() {
  std::vector<std::vector<std::size_t>> dependants(m_steps.size());
  for (std::size_t step = 0; step < m_steps.size(); ++step) {
    if (!m_graph.is_resolved[step]) return;  // who needs what is not known
    for (const std::size_t need : m_graph.needs[step]) dependants[need].push_back(step);
  }
  for (std::size_t step = 0; step < m_steps.size(); ++step) {
    const OmlStep& self = m_steps[step];
    if (!self.is_streamed || self.component == nullptr) continue;
    std::string reason;
    std::vector<std::string> ids;
    for (const std::size_t dependant : dependants[step]) ids.push_back(fmt::format("'{}'", m_steps[dependant].id));
    if (self.component->role == Role::writer) {
      reason = fmt::format("{} is a writer and produces no DataFrame", self.component->name);
    } else if (ids.empty()) {
      reason = "no step reads it";
    } else if (ids.size() > 1) {
      reason = fmt::format("more than one step needs it: {}", join(ids, ", "));
    } else if (const std::size_t only = dependants[step].front();
               !reads(m_steps[only], m_graph.named_inputs[only], self.id)) {
      reason = fmt::format("step {} needs it and does not read it", ids.front());
    }
    if (reason.empty()) continue;
    m_diagnostics.add(Code::cannot_stream, self.materialize_position,
                      fmt::format("step '{}' cannot be streamed: {}", self.id, reason),
                      "leave out materialize: the DataFrame is then kept until the run ends");
  }
}

/// Kahn's algorithm; of the steps that are ready, the first in the document goes first.
void GraphBuilder::sort() {
  std::vector<std::size_t> missing(m_steps.size());
  std::vector<std::vector<std::size_t>> dependants(m_steps.size());
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t step = 0; step < m_steps.size(); ++step) {
    missing[step] = m_graph.needs[step].size();
    if (missing[step] == 0) ready.push(step);
    for (std::size_t need : m_graph.needs[step]) dependants[need].push_back(step);
  }
  while (!ready.empty()) {
    const std::size_t step = ready.top();
    ready.pop();
    m_graph.order.push_back(step);
    for (std::size_t dependant : dependants[step]) {
      if (--missing[dependant] == 0) ready.push(dependant);
    }
  }
}

/// Every step that could not be sorted needs another such step, so following the first of these from anywhere ends in
/// a cycle; one that was reported before is not reported again.
void GraphBuilder::report_cycles() {
  std::vector<bool> is_sorted(m_steps.size(), false);
  for (std::size_t step : m_graph.order) is_sorted[step] = true;
  constexpr std::size_t k_unvisited = SIZE_MAX;
  std::vector<std::size_t> visited_by(m_steps.size(), k_unvisited);
  for (std::size_t start = 0; start < m_steps.size(); ++start) {
    if (is_sorted[start]) continue;
    std::vector<std::size_t> path;
    std::size_t at = start;
    while (visited_by[at] == k_unvisited) {
      visited_by[at] = start;
      path.push_back(at);
      at = *std::ranges::find_if(m_graph.needs[at], [&](std::size_t need) { return !is_sorted[need]; });
    }
    if (visited_by[at] == start) report_cycle({std::ranges::find(path, at), path.end()});
  }
}

/// `cycle` lists steps, each needing the next; the message follows the data, from the first step in the document.
void GraphBuilder::report_cycle(std::vector<std::size_t> cycle) {
  std::ranges::reverse(cycle);
  std::ranges::rotate(cycle, std::ranges::min_element(cycle));
  std::string loop;
  for (std::size_t step : cycle) loop += m_steps[step].id + " -> ";
  loop += m_steps[cycle.front()].id;
  m_diagnostics.add(Code::cycle, need_position(cycle.front(), cycle.back()),
                    fmt::format("cycle of needs '{}': each of these steps waits for the one before it", loop),
                    "remove one of these needs");
}

Position GraphBuilder::need_position(std::size_t step, std::size_t need) const {
  const OmlStep& self = m_steps[step];
  if (self.needs) {
    const auto found = std::ranges::find(*self.needs, m_steps[need].id, &OmlNeed::step_id);
    if (found != self.needs->end()) return found->position;
  }
  const std::string& id = m_steps[need].id;
  const auto input = std::ranges::find_if(
      self.inputs, [&](const OmlInput& i) { return i.step_id == id || i.step_id == sql_name_of(id); });
  return input == self.inputs.end() ? self.position : input->position;
}

}  // namespace

Graph resolve_graph(const OmlDocument& document, Diagnostics& diagnostics) {
  return GraphBuilder(document, diagnostics).build();
}

std::vector<StepInput> inputs_of(const OmlDocument& document, const Graph& graph, std::size_t step) {
  if (!takes_input(document.steps[step])) return {};
  if (!graph.named_inputs[step].empty()) return graph.named_inputs[step];
  std::vector<std::string> needs;
  for (std::size_t need : graph.needs[step]) needs.push_back(document.steps[need].id);
  return step_inputs(needs);
}

std::vector<std::size_t> unread_steps(const OmlDocument& document, const Graph& graph) {
  std::vector<bool> is_read(document.steps.size(), false);
  for (std::size_t step = 0; step < document.steps.size(); ++step) {
    for (std::size_t need : graph.needs[step]) {
      if (reads(document.steps[step], graph.named_inputs[step], document.steps[need].id)) is_read[need] = true;
    }
  }
  std::vector<std::size_t> unread;
  for (std::size_t step = 0; step < document.steps.size(); ++step) {
    const ComponentSpec* component = document.steps[step].component;
    if (!is_read[step] && component != nullptr && component->role != Role::writer) unread.push_back(step);
  }
  return unread;
}

}  // namespace spillway::pipeline
