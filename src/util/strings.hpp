#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spillway {

std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string> split(std::string_view text, char separator);
/// The words of a command line, as a shell splits them: at blanks, unless these are quoted with '…', "…" or \.
/// Nothing else is special. Empty when a quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view text);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
/// `from` replaced by `to` wherever it stands.
std::string replace_all(std::string text, std::string_view from, std::string_view to);
/// The byte at which the character of this index (from 0) begins; the text's size when it has fewer.
std::size_t byte_of_character(std::string_view text, std::size_t index);
/// `text` when it is valid UTF-8; otherwise every invalid byte becomes U+FFFD.
std::string to_valid_utf8(std::string_view text);

/// The candidate nearest to `word`, if near enough to be a typing mistake (edit distance at most a third of the
/// longer word, at most 3).
std::optional<std::string> closest_match(std::string_view word, const std::vector<std::string>& candidates);

/// "1234567" as "1,234,567".
std::string with_thousands(std::uint64_t number);
/// Bytes for people, powers of 1024: "512 B", "1.5 MB", "13 GB".
std::string human_bytes(std::uint64_t bytes);
/// "41 ms", "1.23 s", "4 min 07 s".
std::string human_duration(std::uint64_t milliseconds);
/// "512MB", "4 GB", "1.5g", "100000" (bytes) as bytes; units are powers of 1024. Empty when it is none of these.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// 1, true, yes, on as true; 0, false, no, off and "" as false; else empty. Case does not matter.
std::optional<bool> parse_bool(std::string_view text);
/// A decimal integer without sign, blanks or trailing text.
std::optional<std::uint64_t> parse_uint(std::string_view text);

}  // namespace spillway
