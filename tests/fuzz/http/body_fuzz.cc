#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/http/body_decoder.h"
#include "tests/fuzz/fuzz.h"

namespace shale::http {
namespace {

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  std::optional<Refusal> refusal;
  bool done = false;

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Feeds `bytes` in pieces of `piece` bytes.
Decoded decode(const Framing& framing, std::string_view bytes, std::size_t piece) {
  BodyDecoder decoder(framing);
  Decoded result;
  while (!bytes.empty() && !decoder.done() && !result.refusal) {
    std::string buffer(bytes.substr(0, piece));
    const auto step = decoder.decode(std::as_writable_bytes(std::span(buffer)));
    FUZZ_CHECK(step.payload <= step.consumed && step.consumed <= buffer.size());
    FUZZ_CHECK(decoder.done() || step.refusal || step.consumed == buffer.size());
    FUZZ_CHECK(buffer.substr(step.consumed) == bytes.substr(0, piece).substr(step.consumed));
    result.body.append(buffer, 0, step.payload);
    result.consumed += step.consumed;
    result.refusal = step.refusal;
    bytes.remove_prefix(buffer.size());
  }
  result.done = decoder.done();
  FUZZ_CHECK(!(result.done && result.refusal));
  return result;
}

/// A body that was taken is the same in one chunk, without extensions or trailers,
/// and ends where that ends: nothing of it can be taken for the next request.
void check_rewritten(const std::string& body) {
  constexpr std::string_view kNext = "GET / HTTP/1.1\r\n";
  const Framing chunked{.kind = Framing::Kind::kChunked, .length = 0};
  std::array<char, 24> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", body.size());
  std::string text = body.empty() ? "" : size.data() + body + "\r\n";
  text += "0\r\n\r\n";
  const Decoded again = decode(chunked, text + std::string(kNext), text.size() + kNext.size());
  FUZZ_CHECK(again.done && again.body == body && again.consumed == text.size());
}

/// The first byte chooses the framing: 0 is chunked, another a length.
void run(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto choice = static_cast<unsigned char>(bytes.front());
  const Framing framing = choice == 0 ? Framing{.kind = Framing::Kind::kChunked, .length = 0}
                                      : Framing{.kind = Framing::Kind::kLength, .length = choice};
  bytes.remove_prefix(1);
  const Decoded whole = decode(framing, bytes, bytes.size() + 1);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U}) {
    FUZZ_CHECK(decode(framing, bytes, piece) == whole);
  }
  // The last byte that was taken is the one that ended it.
  if (whole.done && whole.consumed > 0) {
    FUZZ_CHECK(!decode(framing, bytes.substr(0, whole.consumed - 1), bytes.size() + 1).done);
  }
  if (whole.done) check_rewritten(whole.body);
}

}  // namespace
}  // namespace shale::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::http::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
