#include "server/index/names.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace shale::index {
namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxTagBytes = 128;
constexpr std::size_t kMaxQuotedBytes = 80;

bool is_lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_word(char c) {
  return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

/// What a client sent, fit to be shown: printable ASCII, and not too much of it.
std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string shown = "\"";
  for (const char c : text.substr(0, kMaxQuotedBytes)) {
    if (c >= ' ' && c <= '~') {
      shown += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      shown += "\\x";
      shown += kHex[byte >> 4U];
      shown += kHex[byte & 0xFU];
    }
  }
  shown += text.size() > kMaxQuotedBytes ? "...\"" : "\"";
  return shown;
}

Error refused(Errc code, std::string_view what, std::string_view text, std::string_view why) {
  std::string words(what);
  words += ' ';
  words += quoted(text);
  words += ": ";
  words += why;
  return {code, words, {words}};
}

/// Whether one separator may stand between two runs of letters and digits.
bool is_separator(std::string_view run) {
  return run == "." || run == "_" || run == "__" || run.find_first_not_of('-') == run.npos;
}

/// What is wrong with one part of a name (what stands between slashes), or nothing.
std::string_view fault_of_part(std::string_view part) {
  if (part.empty()) {
    return "empty between slashes or at an end";
  }
  if (!std::ranges::all_of(
          part, [](char c) { return is_lower_alnum(c) || c == '.' || c == '_' || c == '-'; })) {
    return "only a-z, 0-9, '.', '_', '-' and '/' are allowed";
  }
  if (!is_lower_alnum(part.front()) || !is_lower_alnum(part.back())) {
    return "each part between slashes must begin and end with a-z or 0-9";
  }
  for (std::size_t at = 0; at < part.size();) {
    const auto is_plain = [](char c) { return is_lower_alnum(c); };
    const auto* const run = std::find_if_not(part.begin() + at, part.end(), is_plain);
    const auto* const next = std::find_if(run, part.end(), is_plain);
    if (run != next && !is_separator({run, next})) {
      return "letters and digits may be separated by one '.', one or two '_', or any number of '-'";
    }
    at = static_cast<std::size_t>(next - part.begin());
  }
  return {};
}

}  // namespace

Result<RepositoryName> RepositoryName::parse(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return refused(Errc::kNameInvalid, "repository name", text, why);
  };
  if (text.empty()) {
    return fail("must not be empty");
  }
  if (text.size() > kMaxNameBytes) {
    return fail("longer than 255 bytes");
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    if (const std::string_view fault = fault_of_part(text.substr(begin, end - begin));
        !fault.empty()) {
      return fail(fault);
    }
    begin = end + 1;
  }
  return RepositoryName(std::string(text));
}

Result<Tag> Tag::parse(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    return refused(Errc::kTagInvalid, "tag", text, why);
  };
  if (text.empty()) {
    return fail("must not be empty");
  }
  if (text.size() > kMaxTagBytes) {
    return fail("longer than 128 characters");
  }
  if (!is_word(text.front())) {
    return fail("must begin with a letter, a digit or '_'");
  }
  if (!std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.' || c == '-'; })) {
    return fail("only letters, digits, '_', '.' and '-' are allowed");
  }
  return Tag(std::string(text));
}

Result<Reference> parse_reference(std::string_view text) {
  if (text.find(':') != text.npos) {
    SHALE_TRY_ASSIGN(const Digest digest, Digest::parse(text));
    return Reference(digest);
  }
  SHALE_TRY_ASSIGN(Tag tag, Tag::parse(text));
  return Reference(std::move(tag));
}

}  // namespace shale::index
