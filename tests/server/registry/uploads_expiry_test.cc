#include <chrono>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"

namespace shale::registry {
namespace {

using std::chrono::hours;
using testing::Bench;
using testing::bytes;
using testing::digest_of;
using testing::DiskStores;
using testing::error_code;
using testing::FaultyStores;
using testing::MemoryStores;
using testing::repository;
using testing::value;

const auto kApp = repository("team/app");

TEST_CASE("Registry: a request that comes while uploads expire keeps its bytes") {
  Bench<FaultyStores> bench;
  const UploadId idle = bench.begin(kApp);
  const UploadId woken = bench.begin(kApp);
  const UploadId ended = bench.begin(kApp);
  bench.restart();
  bench.clock().advance(hours(25));
  bench.stores().blob_store.after_listing = [&] {
    bench.patch(kApp, woken, "abc");
    REQUIRE(bench.close(kApp, ended, digest_of("end"), "end"));
    bench.restart();  // so that only the store knows
  };
  // The registry of the sweep is another one than that of the requests, as if
  // the table had forgotten them.
  Registry sweeping(bench.blobs(), bench.metadata(), bench.clock(), {});
  CHECK(value(sweeping.expire_uploads()) == 1);
  CHECK(error_code(bench->upload_status(kApp, idle)) == Errc::kUploadUnknown);
  CHECK(value(bench->upload_status(kApp, woken)).offset == 3);
  CHECK(bench.read_blob(kApp, digest_of("end")) == "end");
}

TEST_CASE("Registry: an upload that cannot be dropped does not keep the others") {
  Bench<FaultyStores> bench;
  bench.begin(kApp);
  bench.begin(kApp);
  bench.clock().advance(hours(25));
  bench.stores().blob_store.faults.cancel = Errc::kIo;
  CHECK(error_code(bench->expire_uploads()) == Errc::kIo);
  CHECK(value(bench.metadata().list_uploads()).size() == 1);
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(value(bench.metadata().list_uploads()).empty());
}

TEST_CASE("Registry: uploads expire after their last use, not their start") {
  Bench<MemoryStores> bench({.upload_expiry = hours(24)});
  const UploadId idle = bench.begin(kApp);
  const UploadId busy = bench.begin(kApp);
  const UploadId used = bench.begin(kApp);
  const UploadId asked = bench.begin(kApp);
  const auto writer = value(bench->write_upload(kApp, busy, std::nullopt));
  bench.clock().advance(hours(20));
  bench.patch(kApp, used, "abc");
  REQUIRE(bench->upload_status(kApp, asked));
  CHECK(value(bench->expire_uploads()) == 0);
  bench.clock().advance(hours(5));
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(error_code(bench->upload_status(kApp, idle)) == Errc::kUploadUnknown);
  CHECK(value(bench->upload_status(kApp, used)).offset == 3);
  REQUIRE(writer->append(bytes("still")));
  CHECK(value(writer->commit(digest_of("still"))).size == 5);
  bench.clock().advance(hours(25));
  CHECK(value(bench->expire_uploads()) == 2);
  CHECK(value(bench.blobs().open_uploads()).empty());
  CHECK(value(bench.metadata().list_uploads()).empty());
}

TEST_CASE("Registry: how long uploads last can change while they wait") {
  Bench<MemoryStores> bench({.upload_expiry = hours(24)});
  const UploadId idle = bench.begin(kApp);
  bench.clock().advance(hours(2));
  bench->adjust({.upload_expiry = hours(3)});
  CHECK(value(bench->expire_uploads()) == 0);
  bench->adjust({.upload_expiry = hours(1)});
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(error_code(bench->upload_status(kApp, idle)) == Errc::kUploadUnknown);
}

TEST_CASE("Registry: a clock that jumps takes no upload from its writer, and keeps none for good") {
  Bench<MemoryStores> bench({.upload_expiry = hours(24)});
  const UploadId busy = bench.begin(kApp);
  const UploadId idle = bench.begin(kApp);
  const auto writer = value(bench->write_upload(kApp, busy, std::nullopt));
  REQUIRE(writer->append(bytes("one ")));

  bench.clock().advance(-hours(240));
  CHECK(value(bench->expire_uploads()) == 0);
  const UploadId begun_in_the_past = bench.begin(kApp);
  bench.clock().advance(hours(240));
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(error_code(bench->upload_status(kApp, begun_in_the_past)) == Errc::kUploadUnknown);
  CHECK(value(bench->upload_status(kApp, idle)).offset == 0);

  bench.clock().advance(hours(240));
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(error_code(bench->upload_status(kApp, idle)) == Errc::kUploadUnknown);
  REQUIRE(writer->append(bytes("layer")));
  CHECK(value(writer->commit(digest_of("one layer"))).size == 9);
  CHECK(value(bench.metadata().list_uploads()).empty());
}

TEST_CASE("Registry: after a restart uploads expire by what the stores know") {
  Bench<MemoryStores> bench({.upload_expiry = hours(24)});
  const UploadId idle = bench.begin(kApp);
  const UploadId used = bench.begin(kApp);
  bench.clock().advance(hours(20));
  bench.patch(kApp, used, "abc");
  bench.restart();
  bench.clock().advance(hours(5));
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(error_code(bench->upload_status(kApp, idle)) == Errc::kUploadUnknown);
  CHECK(value(bench->upload_status(kApp, used)).offset == 3);
}

TEST_CASE("Registry: uploads on disk expire by the time of their files") {
  Bench<DiskStores> bench({.upload_expiry = hours(24)});
  bench.clock().set(SystemClock().now());
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  bench.restart();
  CHECK(value(bench->expire_uploads()) == 0);
  bench.clock().advance(hours(25));
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(error_code(bench->upload_status(kApp, id)) == Errc::kUploadUnknown);
  CHECK(value(bench.blobs().open_uploads()).empty());
  CHECK(value(bench.metadata().list_uploads()).empty());
}

TEST_CASE("Registry: halves of uploads that a crash left expire too") {
  Bench<MemoryStores> bench({.upload_expiry = hours(24)});
  const UploadId row_only = UploadId::random();
  const UploadId bytes_only = UploadId::random();
  REQUIRE(bench.metadata().open_upload({row_only, kApp, bench.clock().now()}));
  REQUIRE(bench.blobs().begin_upload(bytes_only, Algorithm::kSha256));
  CHECK(value(bench->upload_status(kApp, row_only)).offset == 0);
  CHECK(error_code(bench->upload_status(kApp, bytes_only)) == Errc::kUploadUnknown);
  bench.clock().advance(hours(24));
  CHECK(value(bench->expire_uploads()) == 0);
  bench.clock().advance(hours(1));
  CHECK(value(bench->expire_uploads()) == 2);
  CHECK(value(bench.metadata().list_uploads()).empty());
  CHECK(value(bench.blobs().open_uploads()).empty());
}

}  // namespace
}  // namespace shale::registry
