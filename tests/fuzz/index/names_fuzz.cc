#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <regex>
#include <string>
#include <string_view>
#include <variant>

#include "server/index/names.h"
#include "tests/fuzz/fuzz.h"

namespace shale::index {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestTag = 128;

/// The distribution-spec's own expression, "Pulling manifests".
bool is_name(const std::string& text) {
  static const std::regex kName(
      R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)",
      std::regex::optimize);
  return text.size() <= kLongestName && std::regex_match(text, kName);
}

bool is_tag(const std::string& text) {
  static const std::regex kTag(R"([a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})", std::regex::optimize);
  return text.size() <= kLongestTag && std::regex_match(text, kTag);
}

/// The words go to a client: short and printable, whatever it sent.
void check_refusal(const Error& error, Errc code) {
  FUZZ_CHECK(error.code == code);
  FUZZ_CHECK(error.details.size() == 1 && error.details.front().size() < 500);
  FUZZ_CHECK(
      std::ranges::all_of(error.details.front(), [](char c) { return c >= ' ' && c <= '~'; }));
}

void check_name(const std::string& text) {
  const auto name = RepositoryName::parse(text);
  FUZZ_CHECK(name.has_value() == is_name(text));
  if (!name) {
    check_refusal(name.error(), Errc::kNameInvalid);
    return;
  }
  FUZZ_CHECK(name->str() == text);
  // What comes before or behind any slash is a name too, and no other cut makes one of two.
  for (std::size_t at = text.find('/'); at != std::string::npos; at = text.find('/', at + 1)) {
    FUZZ_CHECK(RepositoryName::parse(text.substr(0, at)));
    FUZZ_CHECK(RepositoryName::parse(text.substr(at + 1)));
    FUZZ_CHECK(!RepositoryName::parse(text.substr(0, at + 1)));
  }
}

void check_tag(const std::string& text) {
  const auto tag = Tag::parse(text);
  FUZZ_CHECK(tag.has_value() == is_tag(text));
  if (!tag) {
    check_refusal(tag.error(), Errc::kTagInvalid);
    return;
  }
  FUZZ_CHECK(tag->str() == text);
  for (std::size_t cut = 1; cut < text.size(); ++cut)
    FUZZ_CHECK(Tag::parse(text.substr(0, cut)));
}

/// No text is both a tag and a digest, and whatever is one is a reference.
void check_reference(const std::string& text) {
  const auto reference = parse_reference(text);
  const bool tag = Tag::parse(text).has_value();
  const bool digest = Digest::parse(text).has_value();
  FUZZ_CHECK(!(tag && digest));
  FUZZ_CHECK(reference.has_value() == (tag || digest));
  if (!reference) return;
  const auto* as_tag = std::get_if<Tag>(&*reference);
  FUZZ_CHECK((as_tag != nullptr) == tag);
  FUZZ_CHECK((as_tag != nullptr ? as_tag->str() : std::get<Digest>(*reference).str()) == text);
}

void run(const std::string& text) {
  if (text.size() > 2 * kLongestName) return;  // the expression's depth grows with the text
  check_name(text);
  check_tag(text);
  check_reference(text);
}

}  // namespace
}  // namespace shale::index

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::index::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
