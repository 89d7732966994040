#include "server/registry/staged_upload.h"

#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "blobstore/memory_blob_store.h"
#include "tests/server/registry/fixture.h"
#include "tests/support/bytes.h"
#include "tests/support/result.h"

namespace shale::registry {
namespace {

using testing::bytes;
using testing::digest_of;
using testing::error_code;
using testing::value;

constexpr std::size_t kSmall = 8;

struct Staged {
  MemoryBlobStore blobs;
  UploadId id = UploadId::random();
  StagedUpload upload{blobs, id, Algorithm::kSha256, kSmall};

  std::size_t written() const { return value(blobs.open_uploads()).size(); }
};

TEST_CASE("StagedUpload: small bytes are given out and never reach the blob store") {
  Staged staged;
  REQUIRE(staged.upload.append(bytes("four")));
  REQUIRE(staged.upload.append(bytes("more")));
  CHECK(staged.upload.offset() == 8);
  CHECK(value(staged.upload.commit(digest_of("fourmore"))) == "fourmore");
  CHECK(staged.written() == 0);
  CHECK(staged.blobs.blob_count() == 0);
}

TEST_CASE("StagedUpload: an upload without bytes is a small one") {
  Staged staged;
  CHECK(value(staged.upload.commit(digest_of(""))) == "");
}

TEST_CASE("StagedUpload: one byte more and all of it is in the blob store") {
  for (const std::string first : {"", "f", "12345678"}) {
    Staged staged;
    const std::string rest(9 - first.size(), 'r');
    REQUIRE(staged.upload.append(bytes(first)));
    CHECK(staged.written() == 0);
    REQUIRE(staged.upload.append(bytes(rest)));
    CHECK(staged.upload.offset() == 9);
    const Digest digest = digest_of(first + rest);
    CHECK_FALSE(value(staged.upload.commit(digest)).has_value());
    CHECK(value(staged.blobs.size(digest)) == 9);
  }
}

TEST_CASE("StagedUpload: a wrong digest leaves it as it was, small or not") {
  for (const std::string content : {"small", "not that small"}) {
    Staged staged;
    REQUIRE(staged.upload.append(bytes(content)));
    CHECK(error_code(staged.upload.commit(digest_of("other"))) == Errc::kDigestMismatch);
    CHECK(staged.upload.commit(digest_of(content)).has_value());
  }
}

TEST_CASE("StagedUpload: at rest there is a copy that outlives the process") {
  Staged staged;
  REQUIRE(staged.upload.append(bytes("one")));
  REQUIRE(staged.upload.rest());
  CHECK(value(staged.blobs.resume_upload(staged.id, Algorithm::kSha256))->offset() == 3);

  SUBCASE("which follows what comes later") {
    REQUIRE(staged.upload.append(bytes(" two")));
    REQUIRE(staged.upload.rest());
    CHECK(value(staged.blobs.resume_upload(staged.id, Algorithm::kSha256))->offset() == 7);
    CHECK(value(staged.upload.commit(digest_of("one two"))) == "one two");
  }
  SUBCASE("which is gone on with when it is no longer small") {
    REQUIRE(staged.upload.append(bytes(" two three")));
    CHECK(staged.upload.offset() == 13);
    CHECK_FALSE(value(staged.upload.commit(digest_of("one two three"))).has_value());
    CHECK(staged.written() == 0);
  }
  SUBCASE("which goes with it") {
    staged.upload.drop();
    CHECK(staged.written() == 0);
  }
}

TEST_CASE("StagedUpload: a copy is there at every moment, for a crash may come at any") {
  MemoryBlobStore memory;
  testing::FaultyBlobStore blobs(memory);
  const UploadId id = UploadId::random();
  StagedUpload upload(blobs, id, Algorithm::kSha256, kSmall);
  REQUIRE(upload.append(bytes("one")));
  REQUIRE(upload.rest());

  blobs.faults.cancel = Errc::kIo;  // neither is called where the copy is gone on with
  blobs.faults.begin = Errc::kIo;
  REQUIRE(upload.append(bytes(" two")));
  REQUIRE(upload.rest());
  CHECK(value(memory.open_uploads()).at(0).offset == 7);
  SUBCASE("also when there are more bytes than are kept in memory") {
    REQUIRE(upload.append(bytes(" three")));
    CHECK(value(memory.open_uploads()).at(0).offset == 13);
    CHECK_FALSE(value(upload.commit(digest_of("one two three"))).has_value());
  }
  SUBCASE("also when more bytes cannot be written") {
    blobs.faults.append = Errc::kNoSpace;
    CHECK(error_code(upload.append(bytes(" three"))) == Errc::kNoSpace);
    CHECK(value(memory.open_uploads()).at(0).offset == 7);
    CHECK(value(upload.commit(digest_of("one two"))) == "one two");
  }
}

TEST_CASE("StagedUpload: what a failed attempt left behind is not in the way of the next") {
  MemoryBlobStore memory;
  testing::FaultyBlobStore blobs(memory);
  const UploadId id = UploadId::random();
  StagedUpload upload(blobs, id, Algorithm::kSha256, kSmall);
  REQUIRE(upload.append(bytes("one")));
  blobs.faults.append = Errc::kNoSpace;
  blobs.faults.cancel = Errc::kIo;
  CHECK(error_code(upload.rest()) == Errc::kNoSpace);
  CHECK(value(memory.open_uploads()).at(0).offset == 0);

  REQUIRE(upload.append(bytes("one two three")));
  CHECK(value(memory.open_uploads()).at(0).offset == 13);
  CHECK_FALSE(value(upload.commit(digest_of("one two three"))).has_value());
}

TEST_CASE("StagedUpload: a store that is full takes no small bytes either") {
  Staged staged;
  REQUIRE(staged.upload.append(bytes("one")));
  staged.blobs.set_space({.free = 100, .reserve = 100});
  CHECK(error_code(staged.upload.append(bytes("two"))) == Errc::kNoSpace);
  CHECK(error_code(staged.upload.append(bytes("two and more"))) == Errc::kNoSpace);
  CHECK(staged.upload.offset() == 3);
  CHECK(value(staged.upload.commit(digest_of("one"))) == "one");
}

TEST_CASE("StagedUpload: what cannot be written when it has to wait is given up, and told") {
  Staged staged;
  REQUIRE(staged.upload.append(bytes("one")));
  SUBCASE("all of it") {
    staged.blobs.set_space({.free = 100, .reserve = 100});
    CHECK(error_code(staged.upload.rest()) == Errc::kNoSpace);
    CHECK(staged.upload.offset() == 0);
    CHECK(staged.written() == 0);
  }
  SUBCASE("but what was written before stays") {
    REQUIRE(staged.upload.rest());
    REQUIRE(staged.upload.append(bytes("two")));
    staged.blobs.set_space({.free = 100, .reserve = 100});
    CHECK(error_code(staged.upload.rest()) == Errc::kNoSpace);
    CHECK(staged.upload.offset() == 3);
    CHECK(value(staged.blobs.open_uploads()).at(0).offset == 3);
  }
  staged.blobs.set_space({.free = 1000, .reserve = 100});
  const std::string rest = staged.upload.offset() == 0 ? "onetwo" : "two";
  REQUIRE(staged.upload.append(bytes(rest)));
  REQUIRE(staged.upload.rest());
  CHECK(value(staged.blobs.open_uploads()).at(0).offset == 6);
  CHECK(value(staged.upload.commit(digest_of("onetwo"))) == "onetwo");
}

TEST_CASE("Registry: a small blob is in the metadata, survives a restart, and is mounted") {
  testing::Bench<testing::SmallBlobs> bench;
  const auto app = testing::repository("app");
  const auto other = testing::repository("other");
  const std::string largest(registry::Options().small_blob_bytes, 's');
  const Digest digest = bench.push_blob(app, largest);
  const Digest in_file = bench.push_blob(app, largest + "s");
  CHECK(error_code(bench.blobs().size(digest)) == Errc::kBlobUnknown);
  CHECK(value(bench.blobs().size(in_file)) == largest.size() + 1);
  CHECK(value(bench->mount(other, digest, app, testing::allow_all)).has_value());
  bench.restart();
  CHECK(bench.read_blob(app, digest) == largest);
  CHECK(bench.read_blob(other, digest) == largest);
  CHECK(value(bench.blobs().open_uploads()).empty());
  CHECK(value(bench.metadata().check()).empty());
}

TEST_CASE("Registry: a small upload goes on after a restart") {
  testing::Bench<testing::SmallBlobs> bench;
  const auto app = testing::repository("app");
  const UploadId id = bench.begin(app);
  const UploadId empty = bench.begin(app);
  bench.patch(app, id, "one");
  bench.restart();
  CHECK(value(bench->upload_status(app, id)).offset == 3);
  CHECK(value(bench->upload_status(app, empty)).offset == 0);
  CHECK(value(bench.close(app, id, digest_of("one two"), " two")).size == 7);
  CHECK(value(bench.close(app, empty, digest_of("x"), "x")).size == 1);
  CHECK(bench.read_blob(app, digest_of("one two")) == "one two");
  CHECK(value(bench.blobs().open_uploads()).empty());
}

}  // namespace
}  // namespace shale::registry
