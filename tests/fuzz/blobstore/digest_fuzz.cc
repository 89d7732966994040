#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "blobstore/digest.h"
#include "tests/fuzz/fuzz.h"

namespace shale {
namespace {

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The grammar of those that are kept here, written down a second time.
bool is_kept(std::string_view text) {
  for (const auto& [prefix, digits] :
       {std::pair<std::string_view, std::size_t>{"sha256:", 64}, {"sha512:", 128}}) {
    if (text.starts_with(prefix) && text.size() == prefix.size() + digits) {
      return is_hex(text.substr(prefix.size()));
    }
  }
  return false;
}

void check_text(std::string_view text) {
  const auto digest = Digest::parse(text);
  FUZZ_CHECK(digest.has_value() == is_kept(text));
  if (!digest) {
    const Errc code = digest.error().code;
    FUZZ_CHECK(code == Errc::kDigestInvalid || code == Errc::kDigestUnsupported);
    FUZZ_CHECK(digest.error().details.size() == 1);
    FUZZ_CHECK(digest.error().details.front().size() < 400);
    return;
  }
  FUZZ_CHECK(digest->str() == text);
  FUZZ_CHECK(algorithm_from_name(algorithm_name(digest->algorithm())) == digest->algorithm());
  FUZZ_CHECK(Digest::from_raw(digest->algorithm(), digest->raw()) == *digest);
  FUZZ_CHECK(!Digest::from_raw(digest->algorithm(), digest->raw().subspan(1)));
}

/// Where content is cut makes no difference, and every digest is one that can be named.
void check_content(std::string_view content) {
  const auto bytes = std::as_bytes(std::span(content));
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    const Digest whole = Digest::of(algorithm, bytes);
    const auto back = Digest::parse(whole.str());
    FUZZ_CHECK(back && *back == whole);
    for (const std::size_t cut : {bytes.size() / 2, std::min<std::size_t>(bytes.size(), 1)}) {
      Hasher hasher(algorithm);
      hasher.update(bytes.first(cut));
      FUZZ_CHECK(hasher.finish() == Digest::of(algorithm, bytes.first(cut)));
      hasher.update(bytes.subspan(cut));
      FUZZ_CHECK(hasher.finish() == whole);
    }
  }
}

}  // namespace
}  // namespace shale

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  shale::check_text(bytes);
  shale::check_content(bytes);
  return 0;
}
