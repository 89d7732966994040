#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/index/rocks/codec.h"
#include "server/index/rocks/key_reading.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/rows.h"
#include "tests/fuzz/fuzz.h"

namespace shale::index::rocks {
namespace {

/// Damage is told, never read past, and what passes has one form only.
template <class Row>
void check_row(std::string_view bytes) {
  const auto row = decode<Row>(bytes);
  if (!row) {
    FUZZ_CHECK(row.error().code == Errc::kCorrupt);
    return;
  }
  FUZZ_CHECK(encode(*row) == bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    FUZZ_CHECK(!decode<Row>(bytes.substr(0, cut)));
  FUZZ_CHECK(!decode<Row>(std::string(bytes) + '\0'));
}

void check_content(std::string_view bytes) {
  const auto content = decode_content(bytes);
  if (content) FUZZ_CHECK(encode_content(*content) == bytes);
}

void check_keys(std::string_view bytes) {
  if (const auto doomed = keys::parse_doomed(bytes)) {
    FUZZ_CHECK(keys::doomed(*doomed) == bytes);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      FUZZ_CHECK(!keys::parse_doomed(bytes.substr(0, cut)));
  }
  Decoder decoder(bytes);
  if (const auto linked = read_link(decoder)) {
    FUZZ_CHECK(keys::link(linked->repository, linked->digest) + std::string(decoder.rest()) ==
               bytes);
    FUZZ_CHECK(decoder.finished());
  }
  Decoder kinds(bytes);
  if (const auto kind = read_kind(kinds)) {
    FUZZ_CHECK(static_cast<char>(*kind) == bytes.front());
  }
}

/// Keys sort as the numbers in them do.
void check_order(std::string_view bytes) {
  Decoder decoder(bytes);
  const std::uint64_t first = decoder.u64();
  const std::uint64_t second = decoder.u64();
  if (decoder.failed()) return;
  FUZZ_CHECK((Encoder().u64(first).bytes() < Encoder().u64(second).bytes()) == (first < second));
  const auto time = [](std::uint64_t bits) {
    return Time{std::chrono::milliseconds(static_cast<std::int64_t>(bits))};
  };
  FUZZ_CHECK((Encoder().time(time(first)).bytes() < Encoder().time(time(second)).bytes()) ==
             (time(first) < time(second)));
  FUZZ_CHECK(keys::sequence_of_inverted(~first) == first);
}

void run(std::string_view bytes) {
  check_row<RepositoryRow>(bytes);
  check_row<ManifestLinkRow>(bytes);
  check_row<TagRow>(bytes);
  check_row<TagMoveRow>(bytes);
  check_row<EdgeRow>(bytes);
  check_row<ReferrerRow>(bytes);
  check_row<BlobRow>(bytes);
  check_row<BlobLinkRow>(bytes);
  check_row<DeletedRow>(bytes);
  check_row<PullRow>(bytes);
  check_row<UploadValue>(bytes);
  check_row<SequenceRow>(bytes);
  check_row<EmptyRow>(bytes);
  check_content(bytes);
  check_keys(bytes);
  check_order(bytes);
}

}  // namespace
}  // namespace shale::index::rocks

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::index::rocks::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
