#include "server/http/body_decoder.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

struct Decoded {
  std::string body;
  std::string left;  ///< what belongs to the next request
  std::optional<Refusal> refusal;
  bool done = false;

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Feeds `pieces` in turn, each in a buffer of its own exact size.
Decoded decode(const Framing& framing, const std::vector<std::string_view>& pieces) {
  BodyDecoder decoder(framing);
  Decoded result;
  for (const std::string_view piece : pieces) {
    std::string buffer(piece);
    const auto step = decoder.decode(std::as_writable_bytes(std::span(buffer)));
    REQUIRE(step.payload <= step.consumed);
    REQUIRE(step.consumed <= buffer.size());
    REQUIRE((decoder.done() || step.refusal || step.consumed == buffer.size()));
    CHECK(buffer.substr(step.consumed) == piece.substr(step.consumed));
    result.body.append(buffer, 0, step.payload);
    result.left.append(buffer, step.consumed);
    result.refusal = step.refusal;
    if (step.refusal) {
      result.left.clear();
      break;
    }
  }
  result.done = decoder.done();
  return result;
}

/// In one piece, in two at every cut, and byte by byte: the same each time.
Decoded decode_at_every_cut(const Framing& framing, std::string_view bytes) {
  const Decoded whole = decode(framing, {bytes});
  CAPTURE(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    CHECK(decode(framing, {bytes.substr(0, cut), bytes.substr(cut)}) == whole);
  }
  std::vector<std::string_view> single;
  single.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); ++at)
    single.push_back(bytes.substr(at, 1));
  CHECK(decode(framing, single) == whole);
  return whole;
}

constexpr Framing kChunked{.kind = Framing::Kind::kChunked, .length = 0};

constexpr Framing of_length(std::uint64_t length) {
  return {.kind = Framing::Kind::kLength, .length = length};
}

TEST_CASE("BodyDecoder: without a body nothing is taken") {
  CHECK(decode({}, {"GET"}) == Decoded{.body = "", .left = "GET", .refusal = {}, .done = true});
  CHECK(decode(of_length(0), {"GET"}) ==
        Decoded{.body = "", .left = "GET", .refusal = {}, .done = true});
}

TEST_CASE("BodyDecoder: a length is taken exactly") {
  CHECK(decode_at_every_cut(of_length(5), "helloGET") ==
        Decoded{.body = "hello", .left = "GET", .refusal = {}, .done = true});
  CHECK(decode_at_every_cut(of_length(6), "hello") ==
        Decoded{.body = "hello", .left = "", .refusal = {}, .done = false});
}

TEST_CASE("BodyDecoder: a length beyond memory is only counted") {
  BodyDecoder decoder(of_length(std::numeric_limits<std::uint64_t>::max()));
  std::string bytes = "hello";
  const auto step = decoder.decode(std::as_writable_bytes(std::span(bytes)));
  CHECK(step.payload == 5);
  CHECK_FALSE(decoder.done());
}

TEST_CASE("BodyDecoder: chunks are joined in place") {
  struct Row {
    std::string_view bytes, body;
  };
  const std::vector<Row> table = {
      {"0\r\n\r\n", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello"},
      {"1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"},
      {"A\r\n0123456789\r\na\r\nabcdefghij\r\n000\r\n\r\n", "0123456789abcdefghij"},
      {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
      {"5;a\r\nhello\r\n0;b=\"c;d\"\r\n\r\n", "hello"},
      {"5; name = value\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5\r\nhello\r\n0\r\nX-Checksum: abc\r\nY:\r\n\r\n", "hello"},
  };
  for (const Row& row : table) {
    const std::string bytes = std::string(row.bytes) + "GET /";
    CHECK(decode_at_every_cut(kChunked, bytes) ==
          Decoded{.body = std::string(row.body), .left = "GET /", .refusal = {}, .done = true});
  }
}

TEST_CASE("BodyDecoder: bad chunk syntax is refused") {
  const std::vector<std::string_view> table = {
      "\r\n",
      "x\r\n",
      "-1\r\n",
      "+5\r\nhello\r\n",
      "0x5\r\nhello\r\n",
      " 5\r\nhello\r\n",
      "5 \r\nhello\r\n",
      "5\t;a\r\nhello\r\n",
      "5\nhello\r\n",
      "5\rhello\r\n",
      "5;a\nhello\r\n",
      "5;a\x01\r\nhello\r\n",
      ";a\r\n",
      "5\r\nhello0\r\n\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhello\r0\r\n\r\n",
      "5\r\nhello\r\n\r\n",
      "5\r\nhello\r\n0\n\r\n",
      "5\r\nhello\r\n0\r\n\n",
      "5\r\nhello\r\n0\r\n\rx",
      "5\r\nhello\r\n0\r\nno colon\r\n\r\n",
      "5\r\nhello\r\n0\r\nname\r\n\r\n",
      "5\r\nhello\r\n0\r\n: value\r\n\r\n",
      "5\r\nhello\r\n0\r\nname : value\r\n\r\n",
      "5\r\nhello\r\n0\r\nname: a\r\n folded\r\n\r\n",
      "5\r\nhello\r\n0\r\nname: a\nb: c\r\n\r\n",
      "5\r\nhello\r\n0\r\nname: a\x7f\r\n\r\n",
      "00000000000000005\r\nhello\r\n",
      "10000000000000000\r\n",
      "fffffffffffffffff\r\n",
  };
  for (const std::string_view bytes : table) {
    CAPTURE(bytes);
    const Decoded decoded = decode_at_every_cut(kChunked, bytes);
    CHECK(decoded.refusal == Refusal::kMalformedBody);
    CHECK_FALSE(decoded.done);
  }
}

TEST_CASE("BodyDecoder: the largest chunk size is no overflow") {
  const Decoded decoded = decode_at_every_cut(kChunked, "ffffffffffffffff\r\nhello");
  CHECK(decoded.body == "hello");
  CHECK_FALSE(decoded.refusal);
}

TEST_CASE("BodyDecoder: extensions are bounded over the whole body") {
  std::string bytes;
  const std::string extension(BodyDecoder::kExtensionBytes / 4, 'e');
  for (int i = 0; i < 4; ++i)
    bytes += "1;" + extension + "\r\nx\r\n";
  CHECK(decode(kChunked, {bytes + "0\r\n\r\n"}).done);
  const Decoded over = decode(kChunked, {bytes + "0;e\r\n\r\n"});
  CHECK(over.refusal == Refusal::kMalformedBody);
  CHECK(over.body == "xxxx");
}

TEST_CASE("BodyDecoder: trailer fields are bounded together") {
  const std::string line = "n: " + std::string(BodyDecoder::kTrailerBytes / 2 - 4, 'v') + "\r\n";
  CHECK(decode(kChunked, {"0\r\n" + line + line + "\r\n"}).done);
  CHECK(decode(kChunked, {"0\r\n" + line + line + "n:\r\n\r\n"}).refusal == Refusal::kHeadTooLarge);
}

TEST_CASE("BodyDecoder: a refusal is final") {
  BodyDecoder decoder(kChunked);
  std::string bad = "1\r\nax";
  const auto refused = decoder.decode(std::as_writable_bytes(std::span(bad)));
  CHECK(refused.refusal == Refusal::kMalformedBody);
  CHECK(refused.payload == 1);
  CHECK(refused.consumed == 4);
  std::string good = "0\r\n\r\n";
  const auto step = decoder.decode(std::as_writable_bytes(std::span(good)));
  CHECK(step.refusal == Refusal::kMalformedBody);
  CHECK(step.consumed == 0);
  CHECK_FALSE(decoder.done());
}

TEST_CASE("BodyDecoder: damaged bodies give the same answer at every cut") {
  std::mt19937 random(99);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  const std::string_view spice = "\r\n;:= \t0159afAFx\x01\x7f\xff";
  std::size_t finished = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = "5;e=1\r\nhello\r\n0a\r\n0123456789\r\n0\r\nT: v\r\n\r\nGET";
    for (auto changes = random() % 3; changes > 0; --changes) {
      bytes[random() % bytes.size()] = spice[random() % spice.size()];
    }
    if (decode_at_every_cut(kChunked, bytes).done) ++finished;
  }
  CHECK(finished > 100);
}

TEST_CASE("BodyDecoder: random chunking of random bytes gives them back") {
  std::mt19937 random(5);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  for (int round = 0; round < 300; ++round) {
    std::string body;
    std::string bytes;
    for (auto chunks = random() % 6; chunks > 0; --chunks) {
      std::string chunk(1 + random() % 40, '\0');
      for (char& c : chunk)
        c = static_cast<char>(random());
      constexpr std::string_view kDigits = "0123456789abcdef";
      bytes += {kDigits[chunk.size() / 16], kDigits[chunk.size() % 16], '\r', '\n'};
      bytes += chunk + "\r\n";
      body += chunk;
    }
    const Decoded decoded = decode_at_every_cut(kChunked, bytes + "0\r\n\r\n");
    CHECK(decoded.done);
    CHECK(decoded.body == body);
  }
}

}  // namespace
}  // namespace shale::http
