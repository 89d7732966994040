#include "server/index/rocks/codec.h"

#include <limits>

#include <doctest/doctest.h>

#include "server/index/rocks/counters.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/rows.h"
#include "tests/server/index/stores.h"

namespace shale::testing {
namespace {

using namespace index::rocks;  // NOLINT(google-build-using-namespace): rows, keys and codec alike

const Time kTime{std::chrono::milliseconds(1'700'000'000'123)};
const Digest kSha256 = digest_of("x");
const Digest kSha512 = digest_of("x", Algorithm::kSha512);

/// A row says the same after a round trip, and no part of it passes for a row.
template <class Row>
void check_row(const Row& row) {
  const std::string bytes = encode(row);
  const auto decoded = decode<Row>(bytes);
  REQUIRE(decoded);
  CHECK(encode(*decoded) == bytes);

  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(error_code(decode<Row>(std::string_view(bytes).substr(0, size))) == Errc::kCorrupt);
  }
  CHECK(error_code(decode<Row>(bytes + '\0')) == Errc::kCorrupt);
  CHECK(error_code(decode<Row>('\3' + bytes.substr(1))) == Errc::kCorrupt);
}

TEST_CASE("rows: every row survives the round trip and is refused when cut at any byte") {
  check_row(RepositoryRow{7, kTime});
  check_row(ManifestLinkRow{1234, "application/json", "type", 9, kTime});
  check_row(ManifestLinkRow{});
  check_row(ManifestLinkRow{1234, "application/json", "type", 9, kTime, kTime});
  check_row(DeletedRow{{1, "m", "a", 9, kTime}, kTime, kTime, "alice", 12, {"v1", "v2"}});
  check_row(DeletedRow{});
  check_row(TagRow{kSha256, 3, kTime});
  check_row(TagRow{kSha512, 3, kTime});
  check_row(TagMoveRow{kSha512, kTime, "alice"});
  check_row(TagMoveRow{std::nullopt, kTime, ""});
  check_row(EdgeRow{5, "layer", false});
  check_row(EdgeRow{5, "", true});
  check_row(ReferrerRow{1, "m", "a", {{"k", "v"}, {"", ""}, {"k", std::string("\0\xff", 2)}}});
  check_row(ReferrerRow{1, "m", "a", {}});
  check_row(BlobRow{std::numeric_limits<std::uint64_t>::max(), std::nullopt});
  check_row(BlobRow{1, kTime, true});
  check_row(BlobLinkRow{1, kTime, 2, kTime});
  check_row(BlobLinkRow{1, std::nullopt, 2, kTime});
  check_row(BlobLinkRow{1, std::nullopt, 2, kTime, true});
  check_row(BlobLinkRow{1, kTime, 2, kTime, true});
  check_row(UploadValue{"library/x", kTime});
  check_row(SequenceRow{1});
  check_row(EmptyRow{});
}

TEST_CASE("rows: what they say comes back") {
  const auto move = value(decode<TagMoveRow>(encode(TagMoveRow{kSha512, kTime, "alice"})));
  CHECK(move.digest == kSha512);
  CHECK(move.time == kTime);
  CHECK(move.actor == "alice");
  const auto link = value(decode<BlobLinkRow>(encode(BlobLinkRow{6, kTime, 8, Time{}})));
  CHECK(link.size == 6);
  CHECK(link.due == kTime);
  CHECK(link.sequence == 8);
  const auto hidden = value(decode<BlobLinkRow>(encode(BlobLinkRow{6, kTime, 8, Time{}, true})));
  CHECK(hidden.hidden);
  CHECK(hidden.due == kTime);
  const auto manifest =
      value(decode<ManifestLinkRow>(encode(ManifestLinkRow{1, "m", "a", 9, Time{}, kTime})));
  CHECK(manifest.due == kTime);
  const auto deleted = value(
      decode<DeletedRow>(encode(DeletedRow{{7, "m", "a", 9, {}}, {}, kTime, "bob", 3, {"v"}})));
  CHECK(deleted.link.size == 7);
  CHECK(deleted.due == kTime);
  CHECK(deleted.actor == "bob");
  CHECK(deleted.operation == 3);
  CHECK(deleted.tags == std::vector<std::string>{"v"});
}

TEST_CASE("rows: the bytes on disk are those of the README") {
  CHECK(encode(SequenceRow{258}) == std::string("\1\0\0\0\0\0\0\1\2", 9));
  CHECK(encode(EdgeRow{1, "ab", true}) == std::string("\1\0\0\0\0\0\0\0\1\0\0\0\2ab\1", 16));
  CHECK(keys::tag(repo("a/b"), tag("v1")) == std::string("a/b\0v1", 6));
  CHECK(keys::edges_to(repo("a"), kSha256, index::EdgeKind::kSubject).size() == 2 + 33 + 1);
  CHECK(keys::content(kSha512).size() == 65);
}

TEST_CASE("rows: a count of annotations that cannot be is refused without taking memory") {
  std::string bytes = encode(ReferrerRow{1, "m", "a", {}});
  bytes.replace(bytes.size() - 4, 4, "\xff\xff\xff\xff");
  CHECK(error_code(decode<ReferrerRow>(bytes)) == Errc::kCorrupt);
}

TEST_CASE("rows: a link that is neither due nor hidden reads as of older formats") {
  const std::string link("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\2\x80\0\0\0\0\0\0\0", 26);
  CHECK(encode(BlobLinkRow{1, std::nullopt, 2, Time{}}) == link);
  CHECK(encode(ManifestLinkRow{1, "m", "", 2, Time{}}).size() == 1 + 8 + 5 + 4 + 8 + 8);
}

TEST_CASE("rows: a count of tags that cannot be is refused without taking memory") {
  std::string bytes = encode(DeletedRow{});
  bytes.replace(bytes.size() - 4, 4, "\xff\xff\xff\xff");
  CHECK(error_code(decode<DeletedRow>(bytes)) == Errc::kCorrupt);
}

TEST_CASE("rows: a digest of no known algorithm is refused") {
  std::string bytes = encode(TagRow{kSha256, 1, kTime});
  bytes[1] = 9;
  CHECK(error_code(decode<TagRow>(bytes)) == Errc::kCorrupt);
}

TEST_CASE("rows: the bytes of a manifest follow the version byte") {
  CHECK(encode_content("{}") == "\1{}");
  CHECK(value(decode_content(encode_content(""))).empty());
  CHECK(error_code(decode_content("")) == Errc::kCorrupt);
  CHECK(error_code(decode_content("{}")) == Errc::kCorrupt);
}

TEST_CASE("Encoder: the order of the bytes is the order of the numbers and times") {
  const auto time = [](std::int64_t ms) {
    return Encoder().time(Time{std::chrono::milliseconds(ms)}).take();
  };
  CHECK(time(-1) < time(0));
  CHECK(time(0) < time(1));
  CHECK(time(255) < time(256));
  CHECK(time(std::numeric_limits<std::int64_t>::min()) < time(-1));
  CHECK(Encoder().u64(255).take() < Encoder().u64(256).take());
}

TEST_CASE("Decoder: reads nothing beyond the end and says so once") {
  Decoder decoder(std::string_view("\0\0\0\5ab", 6));
  CHECK(decoder.text().empty());
  CHECK(decoder.failed());
  CHECK(decoder.u8() == 0);
  CHECK_FALSE(decoder.digest());
  CHECK(decoder.terminated().empty());
  CHECK(decoder.rest().empty());
  CHECK_FALSE(decoder.finished());
}

TEST_CASE("keys: a doomed row's key is read back, and refused when cut at any byte") {
  for (const index::Doomed& row : {index::Doomed{kTime, index::Doomed::Kind::kLink, "a/b", kSha256},
                                   index::Doomed{kTime, index::Doomed::Kind::kBlob, "", kSha512}}) {
    const std::string key = keys::doomed(row);
    CHECK(value(keys::parse_doomed(key)) == row);
    for (std::size_t size = 0; size < key.size(); ++size) {
      CHECK(error_code(keys::parse_doomed(std::string_view(key).substr(0, size))) ==
            Errc::kCorrupt);
    }
  }
  CHECK(error_code(keys::parse_doomed(
            keys::doomed({kTime, index::Doomed::Kind::kBlob, "a", kSha256}))) == Errc::kCorrupt);
}

TEST_CASE("keys: history has the newest first, and no name runs into another") {
  CHECK(keys::history(repo("a"), tag("v"), 2) < keys::history(repo("a"), tag("v"), 1));
  CHECK(keys::sequence_of_inverted(~std::uint64_t{7}) == 7);
  const std::string prefix = keys::history_of(repo("a"), tag("v"));
  CHECK(keys::history(repo("a"), tag("v1"), 1).compare(0, prefix.size(), prefix) != 0);
  const std::string of_a = keys::of_repository("a");
  CHECK(keys::tag(repo("a/b"), tag("v")).compare(0, of_a.size(), of_a) != 0);
}

TEST_CASE("counters: add up number by number and refuse what is cut at any byte") {
  const index::Usage left{1, 2, 3, 4, -5, 6};
  const index::Usage right{10, -2, 30, 40, 5, -7};
  std::string sum;
  REQUIRE(add_counters(encode(left), encode(right), sum));
  CHECK(value(decode_usage(sum)) == index::Usage{11, 0, 33, 44, 0, -1});
  CHECK(value(decode_store_usage(encode(index::StoreUsage{1, 2, 3, 4}))) ==
        index::StoreUsage{1, 2, 3, 4});
  CHECK_FALSE(add_counters(encode(left), encode(index::StoreUsage{}), sum));
  CHECK_FALSE(add_counters("", "", sum));
  for (std::size_t size = 0; size < sum.size(); ++size) {
    const std::string cut = sum.substr(0, size);
    CHECK(error_code(decode_usage(cut)) == Errc::kCorrupt);
    CHECK_FALSE(add_counters(cut, encode(right), sum));
  }
}

}  // namespace
}  // namespace shale::testing
