#include "blobstore/digest.h"

#include <array>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/bytes.h"
#include "tests/support/result.h"

namespace shale::testing {
namespace {

using enum Algorithm;

// FIPS 180-4's own examples.
constexpr std::string_view kAbcSha256 =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kAbcSha512 =
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST_CASE("Digest: is the hash of the bytes") {
  CHECK(digest_of("abc").hex() == kAbcSha256);
  CHECK(digest_of("abc", kSha512).hex() == kAbcSha512);
  CHECK(digest_of("").hex() == kEmptySha256);
  CHECK(digest_of("abc").str() == "sha256:" + std::string(kAbcSha256));
  CHECK(digest_of("abc", kSha512).str() == "sha512:" + std::string(kAbcSha512));
}

TEST_CASE("Digest: parses what it prints") {
  for (const auto algorithm : {kSha256, kSha512}) {
    const Digest digest = digest_of("abc", algorithm);
    CHECK(value(Digest::parse(digest.str())) == digest);
    CHECK(value(Digest::parse(digest.str())).algorithm() == algorithm);
  }
}

TEST_CASE("Digest: refuses what is none") {
  const std::string hex(kAbcSha256);
  const std::vector<std::string> malformed = {
      "",
      ":",
      "sha256",
      "sha256:",
      hex,
      ":" + hex,
      "sha256:baddigeststring",
      "sha256:" + hex.substr(1),
      "sha256:" + hex + "0",
      "sha256: " + hex.substr(1),
      "sha256:" + hex.substr(1) + "g",
      "sha256:" + hex.substr(1) + "A",  // upper case is another spelling, so no digest
      "sha256:" + hex.substr(1) + "\n",
      "sha256:" + hex.substr(1) + std::string(1, '\0'),
      "sha256:" + hex.substr(2) + "..",
      "sha256:" + hex.substr(1) + "/",
      "sha256::" + hex.substr(1),
      " sha256:" + hex,
      "sha256:" + hex + " ",
      "SHA256:" + hex,
      "Sha256:" + hex,
      "sha512:" + hex,
      "sha256:" + std::string(kAbcSha512),
      "sha256+:" + hex,
      "+sha256:" + hex,
      "sha256++b:" + hex,
      "sha256+.b:" + hex,
      "sha/256:" + hex,
      "sha256:" + std::string(100'000, 'a'),
      "sha1:\xff",
      "md5:",
  };
  for (const auto& text : malformed) {
    CAPTURE(text.substr(0, 100));
    const auto refused = Digest::parse(text);
    CHECK(error_code(refused) == Errc::kDigestInvalid);
    CHECK(refused.error().details.size() == 1);
    CHECK(refused.error().message.size() < 400);
  }
}

TEST_CASE("Digest: knows a digest that it cannot keep") {
  for (const std::string text :
       {"sha1:a9993e364706816aba3e25717850c26c9cd0d89d", "md5:x", "multihash+base58:QmRZxt2b1F",
        "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", "blake3:ABC=", "sha384:00"}) {
    CAPTURE(text);
    CHECK(error_code(Digest::parse(text)) == Errc::kDigestUnsupported);
  }
}

TEST_CASE("Digest: survives a trip through its raw bytes") {
  for (const auto algorithm : {kSha256, kSha512}) {
    const Digest digest = digest_of("abc", algorithm);
    CHECK(digest.raw().size() == digest_size(algorithm));
    CHECK(Digest::from_raw(algorithm, digest.raw()) == digest);
  }
  CHECK_FALSE(Digest::from_raw(kSha512, digest_of("abc").raw()).has_value());
  CHECK_FALSE(Digest::from_raw(kSha256, digest_of("abc", kSha512).raw()).has_value());
  CHECK_FALSE(Digest::from_raw(kSha256, {}).has_value());
}

TEST_CASE("Digest: orders by algorithm, then by bytes") {
  std::array<std::byte, 64> low{};
  std::array<std::byte, 64> high{};
  high[0] = std::byte{0xff};
  const auto of = [](Algorithm algorithm, std::span<const std::byte> raw) {
    return *Digest::from_raw(algorithm, raw.first(digest_size(algorithm)));
  };
  CHECK(of(kSha256, low) < of(kSha256, high));
  CHECK(of(kSha256, high) < of(kSha512, low));
  CHECK(of(kSha512, low) < of(kSha512, high));
  CHECK(of(kSha256, low) != of(kSha512, low));
  CHECK(std::set{of(kSha256, low), of(kSha256, high), of(kSha256, low)}.size() == 2);
}

TEST_CASE("Algorithm: names are those of the digests") {
  for (const auto algorithm : {kSha256, kSha512}) {
    CHECK(algorithm_from_name(algorithm_name(algorithm)) == algorithm);
  }
  for (const auto* name : {"", "sha1", "SHA256", "sha256 ", "sha-256", "sha3-256"}) {
    CHECK_FALSE(algorithm_from_name(name).has_value());
  }
}

TEST_CASE("Hasher: gives the same digest however the bytes are cut") {
  const std::string content(1000, 'x');
  for (const auto algorithm : {kSha256, kSha512}) {
    for (std::size_t cut = 0; cut <= content.size(); cut += 37) {
      Hasher hasher(algorithm);
      hasher.update(bytes(content).first(cut));
      hasher.update({});
      hasher.update(bytes(content).subspan(cut));
      CHECK(hasher.finish() == digest_of(content, algorithm));
    }
  }
}

TEST_CASE("Hasher: tells the digest so far and goes on") {
  Hasher hasher(kSha256);
  CHECK(hasher.finish() == digest_of(""));
  hasher.update(bytes("ab"));
  CHECK(hasher.finish() == digest_of("ab"));
  CHECK(hasher.finish() == digest_of("ab"));
  Hasher moved = std::move(hasher);
  moved.update(bytes("c"));
  CHECK(moved.finish() == digest_of("abc"));
  CHECK(moved.algorithm() == kSha256);
}

TEST_CASE("Hasher: threads do not disturb each other") {
  std::array<std::string, 4> seen;
  {
    std::vector<std::jthread> threads;
    threads.reserve(seen.size());
    for (auto& hex : seen) {
      threads.emplace_back([&hex] {
        for (int i = 0; i < 100; ++i)
          hex = digest_of("abc").hex();
      });
    }
  }
  for (const auto& hex : seen)
    CHECK(hex == kAbcSha256);
}

}  // namespace
}  // namespace shale::testing
