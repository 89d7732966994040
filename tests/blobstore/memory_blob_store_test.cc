#include "blobstore/memory_blob_store.h"

#include <chrono>

#include <doctest/doctest.h>

#include "tests/support/blob_stores.h"
#include "tests/support/fake_clock.h"

namespace shale::testing {
namespace {

TEST_CASE("MemoryBlobStore: dates uploads by its clock") {
  FakeClock clock;
  MemoryBlobStore store(clock);
  const Time begun = clock.now();
  auto upload = value(store.begin_upload(UploadId::random(), Algorithm::kSha256));
  CHECK(value(store.open_uploads()).at(0).modified == begun);

  clock.advance(std::chrono::seconds(5));
  REQUIRE(upload->append(bytes("hello")));
  CHECK(value(store.open_uploads()).at(0).modified == begun + std::chrono::seconds(5));
}

TEST_CASE("MemoryBlobStore: refuses to go under its reserve") {
  MemoryBlobStore store;
  store.set_space({.free = 15, .reserve = 10});
  auto upload = value(store.begin_upload(UploadId::random(), Algorithm::kSha256));
  CHECK(error_code(upload->append(bytes("123456"))) == Errc::kNoSpace);
  CHECK(upload->offset() == 0);
  REQUIRE(upload->append(bytes("12345")));
  CHECK(value(store.space()).free == 10);
  CHECK(error_code(upload->append(bytes("6"))) == Errc::kNoSpace);
  REQUIRE(upload->commit(digest_of("12345")));
  CHECK(store.blob_count() == 1);
}

}  // namespace
}  // namespace shale::testing
