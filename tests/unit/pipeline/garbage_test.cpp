#include <algorithm>
#include <random>

#include "documents.hpp"

namespace spillway::pipeline {
namespace {

constexpr unsigned k_rounds = 1000;

/// Whatever the bytes are: a result or errors with a message, never a crash, an exception or an endless loop.
void expect_an_answer(const std::string& text) {
  const auto compiled = compile(text, "p.yaml", built_in_catalog());
  if (compiled) return;
  EXPECT_FALSE(compiled.error().empty());
  for (const Error& error : compiled.error()) EXPECT_FALSE(error.message.empty());
  (void)manifest_from_yaml(text, "manifest.yaml");
}

TEST(Garbage, RandomBytesGetAnAnswer) {
  std::mt19937 random(1);
  for (unsigned round = 0; round < k_rounds; ++round) {
    std::string text(random() % 200, '\0');
    std::ranges::generate(text, [&] { return static_cast<char>(random()); });
    expect_an_answer(text);
  }
}

TEST(Garbage, RandomYamlPunctuationGetsAnAnswer) {
  constexpr std::string_view k_pieces[] = {"- ",   ": ", "? ", "[",  "]",  "{", "}",  ", ",  "\n",  "\n  ", "|\n",
                                           ">-\n", "&a", "*a", "!t", "\"", "'", "#",  "%A",  "---", "...",  "a",
                                           "id",   "1",  "\t", "\\", "@",  "~", "<<", "0x1", "é",   "\r\n"};
  std::mt19937 random(2);
  for (unsigned round = 0; round < k_rounds; ++round) {
    std::string text;
    for (unsigned i = random() % 60; i > 0; --i) text += k_pieces[random() % std::size(k_pieces)];
    expect_an_answer(text);
  }
}

TEST(Garbage, DamagedDocumentsGetAnAnswer) {
  const std::string document = document_of(k_three_steps);
  std::mt19937 random(3);
  for (unsigned round = 0; round < k_rounds; ++round) {
    std::string text = document;
    for (unsigned i = random() % 4 + 1; i > 0; --i) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
      }
      if (text.empty()) text = document;
    }
    expect_an_answer(text);
  }
}

TEST(Garbage, DamagedManifestsGetAnAnswer) {
  const std::string yaml = compiled_or_fail(document_of(k_three_steps)).manifest.to_yaml();
  std::mt19937 random(4);
  for (unsigned round = 0; round < k_rounds; ++round) {
    std::string text = yaml;
    text[random() % text.size()] = static_cast<char>(random());
    const auto manifest = manifest_from_yaml(text, "manifest.yaml");
    if (!manifest) {
      EXPECT_FALSE(manifest.error().empty());
    } else {
      EXPECT_EQ(manifest->to_yaml(), yaml) << "a change that the hash did not notice:\n" << text;
    }
  }
}

}  // namespace
}  // namespace spillway::pipeline
