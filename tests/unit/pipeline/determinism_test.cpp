#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <ctime>
#include <locale>
#include <random>

#include <fmt/format.h>

#include "documents.hpp"

/// The same document, however its keys are ordered and commented, makes the same bytes in every locale and time zone.
namespace spillway::pipeline {
namespace {

struct Entry;

/// A document as a tree of which a spelling can be chosen at random.
struct Tree {
  std::string scalar;
  std::vector<Entry> entries;  ///< of a map
  std::vector<Tree> items;     ///< of a list
};

struct Entry {
  std::string key;
  Tree value;
};

Tree leaf(std::string text) { return {std::move(text), {}, {}}; }
Tree map_of(std::vector<Entry> entries) { return {{}, std::move(entries), {}}; }

class Writer {
 public:
  Writer(std::uint32_t seed, bool shuffles) : m_random(seed), m_shuffles(shuffles) {}

  std::string write(const Tree& root) {
    m_text.clear();
    write_map(root, 0, 0);
    return m_text;
  }

 private:
  bool sometimes() { return m_shuffles && m_random() % 3 == 0; }
  void comment(std::size_t indent) {
    if (sometimes()) m_text += std::string(indent, ' ') + fmt::format("# comment {}\n", m_random() % 100);
    if (sometimes()) m_text += "\n";
  }
  void write_value(const Tree& value, std::size_t indent) {
    if (!value.items.empty()) {
      m_text += "\n";
      for (const Tree& item : value.items) {
        comment(indent);
        m_text += std::string(indent, ' ') + "- ";
        write_map(item, 0, indent + 2);
      }
    } else if (!value.entries.empty()) {
      m_text += "\n";
      write_map(value, indent + 2, indent + 2);
    } else {
      m_text += " " + value.scalar + (sometimes() ? "   # why\n" : "\n");
    }
  }
  void write_map(const Tree& map, std::size_t first_indent, std::size_t indent) {
    auto entries = map.entries;
    if (m_shuffles) std::ranges::shuffle(entries, m_random);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0 || first_indent > 0) comment(indent);
      m_text += std::string(i == 0 ? first_indent : indent, ' ');
      m_text += sometimes() ? fmt::format("\"{}\":", entries[i].key) : entries[i].key + ":";
      write_value(entries[i].value, indent);
    }
  }

  std::mt19937 m_random;
  bool m_shuffles;
  std::string m_text;
};

Tree random_document(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto number = [&](std::uint32_t below) { return random() % below; };
  std::vector<Tree> steps;
  const std::size_t extractors = 1 + number(4);
  for (std::size_t i = 0; i < extractors; ++i) {
    auto config = map_of({{"path", leaf(fmt::format("\"in {} ${{params.day}}.csv\"", number(1000)))},
                          {"limit", leaf("\"${params.limit}\"")},
                          {"delimiter", leaf(number(2) == 0 ? "';'" : "\",\"")}});
    if (number(2) == 0) config.entries.push_back({"header", leaf(number(2) == 0 ? "true" : "false")});
    if (number(2) == 0) config.entries.push_back({"types", map_of({{"b", leaf("DOUBLE")}, {"a", leaf("BIGINT")}})});
    steps.push_back(map_of({{"id", leaf(fmt::format("e-{}", i))},
                            {"component", leaf("filesystem.csv_extractor")},
                            {"config", std::move(config)}}));
  }
  const std::size_t source = number(static_cast<std::uint32_t>(extractors));
  steps.push_back(map_of(
      {{"id", leaf("sum")},
       {"component", leaf("duckdb.processor")},
       {"inputs", map_of({{"x", leaf(fmt::format("\"${{e_{}.df}}\"", source))}, {"a", leaf("\"${e-0.df}\"")}})},
       {"config", map_of({{"query", leaf(fmt::format("SELECT {} FROM x, a", number(1000)))}})}}));
  steps.push_back(map_of({{"id", leaf("w")},
                          {"component", leaf("filesystem.csv_writer")},
                          {"needs", leaf("[sum]")},
                          {"config", map_of({{"path", leaf("out.csv")}, {"quote_all", leaf("true")}})}}));
  return map_of(
      {{"oml_version", leaf("\"0.1.0\"")},
       {"name", leaf(fmt::format("random-{}", seed))},
       {"params",
        map_of({{"limit", map_of({{"type", leaf("integer")}, {"default", leaf(fmt::to_string(number(99999)))}})},
                {"day", map_of({{"default", leaf("\"2024-01-31\"")}})}})},
       {"steps", Tree{{}, {}, std::move(steps)}}});
}

/// Numbers as 1.234,5 in C++ streams; the C library's locale where the machine has one.
class Place {
 public:
  Place(const char* locale, const char* zone) : m_original(std::locale()) {
    ::setenv("TZ", zone, 1);
    ::tzset();
    std::setlocale(LC_ALL, locale);
    if (std::string(locale) != "C") std::locale::global(std::locale(std::locale::classic(), new Grouped));
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    std::locale::global(m_original);
    std::setlocale(LC_ALL, "C");
    ::unsetenv("TZ");
    ::tzset();
  }

 private:
  struct Grouped : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
  };
  std::locale m_original;
};

std::string bytes_of(const std::string& text) {
  const Compiled compiled = compiled_or_fail(text);
  std::string bytes = compiled.manifest.to_yaml();
  for (const auto& [path, config] : compiled.files) bytes += path + config;
  return bytes;
}

TEST(Determinism, TwoHundredDocumentsInThreePlacesHaveOneHashEach) {
  constexpr std::uint32_t k_documents = 200;
  std::vector<std::string> hashes;
  for (std::uint32_t seed = 0; seed < k_documents; ++seed) {
    const Tree document = random_document(seed);
    const std::string expected = bytes_of(Writer(seed, false).write(document));
    std::uint32_t spelling = seed;
    for (const auto& [locale, zone] : {std::pair{"C", "UTC"}, std::pair{"de_DE.UTF-8", "Asia/Kolkata"},
                                       std::pair{"tr_TR.UTF-8", "America/St_Johns"}}) {
      const Place place(locale, zone);
      const std::string text = Writer(spelling += k_documents, true).write(document);
      ASSERT_EQ(bytes_of(text), expected) << text;
    }
    hashes.push_back(compiled_or_fail(Writer(seed, false).write(document)).manifest.hash());
  }
  std::ranges::sort(hashes);
  EXPECT_EQ(std::ranges::unique(hashes).begin(), hashes.end()) << "different documents have different hashes";
}

TEST(Determinism, ADefaultThatChangesInASpecChangesTheHash) {
  const auto hash_with = [](const std::string& spec) {
    const ComponentCatalog catalog(std::map<std::string, std::string_view, std::less<>>{{"x.extractor", spec}});
    const auto compiled =
        compile(document_of("- {id: a, component: x.extractor, config: {rows: 5}}\n"), "p.yaml", catalog);
    return compiled ? compiled->manifest.hash() : "";
  };
  const auto spec_with = [](int fallback) {
    return fmt::format(R"({{"name": "x.extractor", "version": "1", "title": "t", "description": "d",
      "role": "extractor", "modes": ["read"], "capabilities": [], "secrets": [], "paths": {{}}, "examples": [],
      "hints": [], "configSchema": {{"type": "object", "properties": {{"rows": {{"default": {}}}}}}}}})",
                       fallback);
  };
  EXPECT_NE(hash_with(spec_with(1)), "");
  EXPECT_EQ(hash_with(spec_with(1)), hash_with(spec_with(1)));
  // The document gives the option itself: the configs are the same, the specs are not.
  EXPECT_NE(hash_with(spec_with(1)), hash_with(spec_with(2)));
}

}  // namespace
}  // namespace spillway::pipeline
