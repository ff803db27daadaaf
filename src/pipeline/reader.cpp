#include "pipeline/reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "pipeline/source_text.hpp"
#include "util/strings.hpp"

namespace spillway::pipeline {
namespace {

/// Thrown through the parser, which offers no other way to stop it; the reason is in the diagnostics.
struct ReadingStopped {};

std::size_t index_of(int mark) { return mark < 0 ? 0 : static_cast<std::size_t>(mark); }

bool is_plain_tag(const std::string& tag) { return tag.empty() || tag == "?"; }

/// "017", which readers of YAML 1.1 take for octal and those of 1.2 do not.
bool has_leading_zero(std::string_view integer) {
  if (integer.starts_with('-') || integer.starts_with('+')) integer.remove_prefix(1);
  return integer.size() > 1 && integer[0] == '0' && integer[1] >= '0' && integer[1] <= '9';
}

/// Builds the tree from the parser's events, and counts what it builds: an alias is expanded by copying, so a
/// document of ten lines may stand for billions of values.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, Diagnostics& diagnostics) : m_source(source), m_diagnostics(diagnostics) {}

  std::optional<Node> take_root() { return std::move(m_root); }
  const YAML::Mark& last_scalar() const { return m_last_scalar; }
  /// Where the innermost list or map that has not ended began.
  std::optional<Position> innermost_open(NodeKind kind) const {
    const auto open =
        std::find_if(m_open.rbegin(), m_open.rend(), [&](const Open& o) { return o.node.kind == kind; });
    return open == m_open.rend() ? std::nullopt : std::optional(open->node.position);
  }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(NodeKind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(NodeKind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// What a value costs in copies.
  struct Size {
    std::size_t nodes = 0;
    std::size_t bytes = 0;
  };
  struct Key {
    std::string text;
    Position position;
    bool is_usable = true;  ///< false: its value is read and dropped
  };
  /// A list or map whose end has not come yet.
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    Size before;  ///< m_size when it began
    std::optional<Key> key;
    std::unordered_map<std::string, Position> seen;
  };

  Position position(const YAML::Mark& mark) const {
    return m_source.position(index_of(mark.line), index_of(mark.column));
  }
  [[noreturn]] void stop(Code code, Position position, std::string message, std::string hint = {}) {
    m_diagnostics.add(code, position, std::move(message), std::move(hint));
    throw ReadingStopped();
  }
  void open(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void charge(Size size, Position position);
  void check_tag(const std::string& tag, std::string_view expected, Position position);
  void add_scalar(Node node, YAML::anchor_t anchor);
  void keep_anchored(YAML::anchor_t anchor, const Node& node, Size size);
  void attach(Node node);
  Key make_key(const Node& node, Open& map);

  const SourceText& m_source;
  Diagnostics& m_diagnostics;
  std::vector<Open> m_open;
  std::optional<Node> m_root;
  Size m_size;
  std::unordered_map<YAML::anchor_t, std::pair<Node, Size>> m_anchored;
  YAML::Mark m_last_scalar;
  bool m_started = false;
};

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (!std::exchange(m_started, true)) return;
  if (m_source.line(index_of(mark.line)).starts_with("---")) {
    stop(Code::second_document, position(mark), "more than one document: a file holds one",
         "put the second document in a file of its own");
  }
  stop(Code::invalid_yaml, position(mark), "invalid YAML: nothing may follow the end of the document",
       "check the indentation");
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  Node node{NodeKind::null, position(mark), {}, {}, {}};
  // The parser does not say whether null was written or only nothing.
  const std::string_view rest = m_source.rest(index_of(mark.line), index_of(mark.column));
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t\n,]}#:"));
  if (!word.empty() && plain_scalar_kind(word) == NodeKind::null) node.text = word;
  add_scalar(std::move(node), anchor);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const auto anchored = m_anchored.find(anchor);
  if (anchored == m_anchored.end())
    stop(Code::invalid_yaml, position(mark), "invalid YAML: an alias inside the value it stands for");
  const auto& [node, size] = anchored->second;
  charge(size, position(mark));
  attach(node);
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  Node node{NodeKind::string, position(mark), value, {}, {}};
  m_last_scalar = mark;
  if (value.find('\0') != std::string::npos)
    stop(Code::control_character, node.position, "NUL character: no value may hold one");
  if (is_plain_tag(tag)) {
    node.kind = plain_scalar_kind(value);
    if (!is_representable(node.kind, value)) {
      m_diagnostics.add(Code::number_out_of_range, node.position,
                        fmt::format("number out of range '{}': {}", value,
                                    node.kind == NodeKind::integer ? "an integer has 64 bits" : "a number is finite"),
                        fmt::format("if it is text, quote it: \"{}\"", value));
    }
    if (node.kind == NodeKind::integer && has_leading_zero(value)) {
      m_diagnostics.add(Code::ambiguous_number, node.position,
                        fmt::format("ambiguous number '{}': it begins with a zero", value),
                        fmt::format("if it is text, quote it: \"{}\"; else leave the zero out", value));
    }
  } else {
    check_tag(tag, "str", node.position);
  }
  add_scalar(std::move(node), anchor);
}

void TreeBuilder::open(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  const Position place = position(mark);
  if (m_open.size() >= k_max_depth) {
    stop(Code::too_deep, place,
         fmt::format("document too deep: lists and maps nest to {} levels at most", k_max_depth));
  }
  if (!is_plain_tag(tag)) check_tag(tag, kind == NodeKind::list ? "seq" : "map", place);
  m_open.push_back({Node{kind, place, {}, {}, {}}, anchor, m_size, std::nullopt, {}});
  charge({1, 0}, place);
}

void TreeBuilder::close() {
  Open closed = std::move(m_open.back());
  m_open.pop_back();
  keep_anchored(closed.anchor, closed.node, {m_size.nodes - closed.before.nodes, m_size.bytes - closed.before.bytes});
  attach(std::move(closed.node));
}

void TreeBuilder::charge(Size size, Position position) {
  m_size.nodes += size.nodes;
  m_size.bytes += size.bytes;
  if (m_size.nodes > k_max_nodes || m_size.bytes > 2 * k_max_document_bytes) {
    stop(Code::too_large, position,
         fmt::format("document too large: with its aliases expanded it has more than {} values or {} of text",
                     with_thousands(k_max_nodes), human_bytes(2 * k_max_document_bytes)));
  }
}

void TreeBuilder::check_tag(const std::string& tag, std::string_view expected, Position position) {
  if (tag == "!" || tag == fmt::format("tag:yaml.org,2002:{}", expected)) return;
  m_diagnostics.add(Code::unknown_tag, position, fmt::format("unknown tag '{}': a document holds plain values", tag),
                    "remove the tag");
}

void TreeBuilder::add_scalar(Node node, YAML::anchor_t anchor) {
  const Size size{1, node.text.size()};
  charge(size, node.position);
  keep_anchored(anchor, node, size);
  attach(std::move(node));
}

void TreeBuilder::keep_anchored(YAML::anchor_t anchor, const Node& node, Size size) {
  if (anchor == YAML::NullAnchor) return;
  charge(size, node.position);
  m_anchored.insert_or_assign(anchor, std::pair(node, size));
}

void TreeBuilder::attach(Node node) {
  if (m_open.empty()) {
    m_root = std::move(node);
    return;
  }
  Open& parent = m_open.back();
  if (parent.node.kind == NodeKind::list) {
    parent.node.items.push_back(std::move(node));
  } else if (!parent.key) {
    parent.key = make_key(node, parent);
  } else {
    Key key = *std::exchange(parent.key, std::nullopt);
    // The parser places an absent value at whatever comes next.
    if (node.kind == NodeKind::null && node.text.empty()) node.position = key.position;
    if (key.is_usable) parent.node.entries.push_back({std::move(key.text), key.position, std::move(node)});
  }
}

TreeBuilder::Key TreeBuilder::make_key(const Node& node, Open& map) {
  Key key{node.text, node.position};
  if (node.kind != NodeKind::string) {
    key.is_usable = false;
    const bool is_scalar = node.kind != NodeKind::list && node.kind != NodeKind::map;
    Error& error = m_diagnostics.add(
        Code::key_not_a_string, key.position,
        fmt::format("invalid key '{}': a key is a string, not {}", node.text, with_article(node.kind)),
        is_scalar ? fmt::format("quote it: \"{}\"", node.text) : "");
    if (is_scalar) error.fix = fix_at(key.position, node.text, fmt::format("\"{}\"", node.text));
  } else if (node.text == "<<") {
    key.is_usable = false;
    m_diagnostics.add(Code::merge_key, key.position, "unknown key '<<': YAML 1.2 has no merge keys",
                      "write the keys out");
  } else if (const auto [first, is_new] = map.seen.emplace(node.text, node.position); !is_new) {
    key.is_usable = false;
    m_diagnostics.add(Code::duplicate_key, key.position,
                      fmt::format("duplicate key '{}': it has a value since line {}", node.text, first->second.line),
                      "keep one of the two");
  }
  return key;
}

struct SyntaxMessage {
  std::string_view parser;  ///< how the parser's message starts
  std::string_view message;
  std::string_view hint;
};

constexpr std::string_view k_open_map = "end of map flow not found";
constexpr std::string_view k_open_list = "end of sequence flow not found";

constexpr std::array k_syntax_messages{
    SyntaxMessage{"illegal map value", "unexpected ':'",
                  "quote text that holds ': ', and indent the keys of a map alike"},
    SyntaxMessage{"illegal block entry", "unexpected '-'", "indent the items of a list alike"},
    SyntaxMessage{"end of map not found", "a line that is no 'key: value' of the map it stands in",
                  "indent the keys of a map alike, and put a blank after the ':'"},
    SyntaxMessage{"end of sequence not found", "a line that is no '- item' of the list it stands in",
                  "indent the items of a list alike"},
    SyntaxMessage{k_open_map, "'{' without its '}'", "close it, or put ',' between its entries"},
    SyntaxMessage{k_open_list, "'[' without its ']'", "close it, or put ',' between its items"},
    SyntaxMessage{"illegal flow end", "a ']' or '}' that closes nothing", "quote it if it is text"},
    SyntaxMessage{"unknown token", "text cannot begin with this character", "quote it"},
    SyntaxMessage{"illegal EOF in scalar", "quoted text without its closing quote", "close it"},
    SyntaxMessage{"the referenced anchor is not defined", "an alias without its anchor", "quote it if it is text"},
    SyntaxMessage{"alias not found after *", "text cannot begin with '*'", "quote it"},
    SyntaxMessage{"anchor not found after &", "text cannot begin with '&'", "quote it"},
    SyntaxMessage{"unknown escape character", "unknown escape in double quotes",
                  "use single quotes, or write \\\\ for a backslash"},
};

constexpr SyntaxMessage k_tab_message{"illegal tab", "a tab as indentation", "indent with spaces"};

bool is_tab_indented(std::string_view line) {
  return line.substr(0, line.find_first_not_of(" \t-")).find('\t') != std::string_view::npos;
}

void add_syntax_error(const YAML::Exception& exception, const TreeBuilder& builder, const SourceText& source,
                      Diagnostics& diagnostics) {
  const std::size_t line = index_of(exception.mark.line);
  Position position = source.position(line, index_of(exception.mark.column));
  SyntaxMessage found{{}, exception.msg, {}};
  for (const SyntaxMessage& candidate : k_syntax_messages) {
    if (exception.msg.starts_with(candidate.parser)) found = candidate;
  }
  // The parser reports where it gave up; what is missing is missed by the bracket.
  if (found.parser == k_open_list) position = builder.innermost_open(NodeKind::list).value_or(position);
  if (found.parser == k_open_map) position = builder.innermost_open(NodeKind::map).value_or(position);
  if (exception.msg.starts_with(k_tab_message.parser) || is_tab_indented(source.line(line))) found = k_tab_message;
  // What was found wrong before may only be a consequence.
  diagnostics.take();
  const Code code = found.parser == k_tab_message.parser ? Code::tab_indentation : Code::invalid_yaml;
  diagnostics.add(code, position, fmt::format("invalid YAML: {}", found.message), std::string(found.hint));
}

/// The parser takes quoted text that never ends for complete when the file ends with a newline.
bool is_unterminated(std::string_view from_scalar) {
  while (from_scalar.starts_with('&') || from_scalar.starts_with('!')) {
    from_scalar.remove_prefix(std::min(from_scalar.find_first_of(" \n"), from_scalar.size()));
    from_scalar.remove_prefix(std::min(from_scalar.find_first_not_of(" \n"), from_scalar.size()));
  }
  if (!from_scalar.starts_with('"') && !from_scalar.starts_with('\'')) return false;
  const char quote = from_scalar[0];
  for (std::size_t at = 1; at < from_scalar.size(); ++at) {
    const bool is_escaped_quote = quote == '\'' && from_scalar.substr(at).starts_with("''");
    if (is_escaped_quote || (quote == '"' && from_scalar[at] == '\\')) {
      ++at;
    } else if (from_scalar[at] == quote) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Node> read_document(std::string_view text, Diagnostics& diagnostics) {
  const std::optional<SourceText> source = SourceText::make(text, diagnostics);
  if (!source) return std::nullopt;
  diagnostics.set_source(source->bytes());
  TreeBuilder builder(*source, diagnostics);
  try {
    std::istringstream stream(source->bytes());
    YAML::Parser parser(stream);
    // The second call finds a second document, which the builder refuses.
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
  } catch (const ReadingStopped&) {
    return std::nullopt;
  } catch (const YAML::Exception& exception) {
    add_syntax_error(exception, builder, *source, diagnostics);
    return std::nullopt;
  }
  std::optional<Node> root = builder.take_root();
  if (!root || root->kind == NodeKind::null) {
    diagnostics.add(Code::empty_document, {}, "empty document: it holds no key");
    return std::nullopt;
  }
  const YAML::Mark& last = builder.last_scalar();
  if (is_unterminated(source->rest(index_of(last.line), index_of(last.column)))) {
    diagnostics.add(Code::invalid_yaml, source->position(index_of(last.line), index_of(last.column)),
                    "invalid YAML: quoted text without its closing quote", "close it");
    return std::nullopt;
  }
  if (root->kind != NodeKind::map) {
    diagnostics.add(Code::not_a_map, root->position,
                    fmt::format("invalid document: it is {}, not a map of keys", with_article(root->kind)));
    return std::nullopt;
  }
  return root;
}

}  // namespace spillway::pipeline
