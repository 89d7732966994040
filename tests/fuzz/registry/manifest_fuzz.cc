#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/registry/manifest_parser.h"
#include "tests/fuzz/fuzz.h"

namespace shale::registry {
namespace {

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check_refusal(const Error& error) {
  FUZZ_CHECK(error.code == Errc::kManifestInvalid);
  FUZZ_CHECK(error.details.size() == 1);
  FUZZ_CHECK(is_printable(error.details.front()) && is_printable(error.message));
}

void check_manifest(const index::Manifest& manifest, std::string_view body) {
  FUZZ_CHECK(manifest.bytes == body);
  FUZZ_CHECK(is_printable(manifest.descriptor.media_type));
  FUZZ_CHECK(is_printable(manifest.artifact_type));
  FUZZ_CHECK(std::ranges::count(manifest.edges, index::EdgeKind::kSubject, &index::Edge::kind) <=
             1);
  for (const index::Edge& edge : manifest.edges) {
    FUZZ_CHECK(edge.kind != index::EdgeKind::kSubject || !edge.must_exist);
    FUZZ_CHECK(is_printable(edge.target.media_type));
  }

  // The type that it is kept under is as good a header as the one that came.
  const auto again =
      parse_manifest(manifest.descriptor.digest, manifest.descriptor.media_type, body);
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->edges == manifest.edges);
}

/// The first line is the Content-Type, the rest the body.
void run(std::string_view bytes) {
  const std::size_t line = std::min(bytes.find('\n'), bytes.size());
  const std::string_view body = bytes.substr(std::min(line + 1, bytes.size()));
  const Digest digest = Digest::of(Algorithm::kSha256, std::as_bytes(std::span(body)));
  const auto parsed = parse_manifest(digest, bytes.substr(0, line), body);
  if (parsed) {
    check_manifest(*parsed, body);
  } else {
    check_refusal(parsed.error());
  }
}

}  // namespace
}  // namespace shale::registry

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::registry::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
