#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"
#include "tests/support/forwarding_metadata_store.h"

namespace shale::registry {
namespace {

using std::chrono::hours;
using testing::allow_all;
using testing::Bench;
using testing::bytes;
using testing::digest_of;
using testing::DiskStores;
using testing::error_code;
using testing::FakeClock;
using testing::FaultyStores;
using testing::MemoryStores;
using testing::repository;
using testing::SmallBlobs;
using testing::value;

const auto kApp = repository("team/app");
const auto kOther = repository("team/other");

TEST_CASE_TEMPLATE("Registry: an upload in chunks becomes a blob", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  for (const Algorithm hinted : {Algorithm::kSha256, Algorithm::kSha512}) {
    for (const Algorithm asked : {Algorithm::kSha256, Algorithm::kSha512}) {
      const std::string content = "one two three " + std::string(algorithm_name(hinted));
      const Digest digest = digest_of(content, asked);
      const UploadId id = bench.begin(kApp, hinted);
      CHECK(value(bench->upload_status(kApp, id)).offset == 0);
      CHECK(bench.patch(kApp, id, content.substr(0, 4), ChunkRange{0, 3}).offset == 4);
      CHECK(bench.patch(kApp, id, content.substr(4, 4)).offset == 8);
      CHECK(value(bench->upload_status(kApp, id)).offset == 8);
      CHECK(error_code(bench->stat_blob(kApp, digest)) == Errc::kBlobUnknown);

      const auto link = value(bench.close(kApp, id, digest, content.substr(8)));
      CHECK(link.digest == digest);
      CHECK(link.size == content.size());
      CHECK(bench.read_blob(kApp, digest) == content);
      CHECK(error_code(bench->upload_status(kApp, id)) == Errc::kUploadUnknown);
    }
  }
  CHECK(value(bench.metadata().list_uploads()).empty());
  CHECK(value(bench.blobs().open_uploads()).empty());
}

TEST_CASE_TEMPLATE("Registry: an upload of no bytes becomes the empty blob", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  CHECK(value(bench.close(kApp, bench.begin(kApp), digest_of(""))).size == 0);
  CHECK(bench.read_blob(kApp, digest_of("")).empty());
}

TEST_CASE_TEMPLATE("Registry: a blob comes in one request", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  {
    const auto writer = value(bench->receive_blob(kApp, Algorithm::kSha512));
    REQUIRE(writer->append(bytes("one ")));
    REQUIRE(writer->append(bytes("request")));
    CHECK(value(writer->commit(digest_of("one request", Algorithm::kSha512))).size == 11);
  }
  CHECK(bench.read_blob(kApp, digest_of("one request", Algorithm::kSha512)) == "one request");

  SUBCASE("and leaves nothing when the client goes away") {
    {
      REQUIRE(value(bench->receive_blob(kApp, Algorithm::kSha256))->append(bytes("half")));
    }
    CHECK(value(bench.blobs().open_uploads()).empty());
  }
  SUBCASE("and leaves nothing when the digest is another") {
    const auto writer = value(bench->receive_blob(kApp, Algorithm::kSha256));
    REQUIRE(writer->append(bytes("half")));
    CHECK(error_code(writer->commit(digest_of("whole"))) == Errc::kDigestMismatch);
    CHECK(value(bench.blobs().open_uploads()).empty());
  }
}

TEST_CASE_TEMPLATE("Registry: an upload goes on after a restart", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "before ");
  bench.restart();
  CHECK(error_code(bench->upload_status(kOther, id)) == Errc::kUploadUnknown);
  CHECK(value(bench->upload_status(kApp, id)).offset == 7);
  bench.restart();
  CHECK(bench.patch(kApp, id, "and ", ChunkRange{7, 10}).offset == 11);
  bench.restart();
  CHECK(value(bench.close(kApp, id, digest_of("before and after"), "after")).size == 16);
  CHECK(bench.read_blob(kApp, digest_of("before and after")) == "before and after");
}

TEST_CASE_TEMPLATE("Registry: a chunk has to begin where the last one ended", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const UploadId id = bench.begin(kApp);
  CHECK(error_code(bench->write_upload(kApp, id, ChunkRange{3, 5})) == Errc::kUploadRange);
  bench.patch(kApp, id, "abc", ChunkRange{0, 2});
  for (const std::uint64_t first : {0U, 2U, 4U, 1000U}) {
    const auto refused = bench->write_upload(kApp, id, ChunkRange{first, first + 2});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::kUploadRange);
    CHECK(refused.error().details ==
          std::vector{"the chunk begins at byte " + std::to_string(first) +
                      ", but the next one is 3"});
    CHECK(value(bench->upload_status(kApp, id)).offset == 3);
  }
  CHECK(error_code(bench->write_upload(kApp, id, ChunkRange{3, 2})) == Errc::kInvalidArgument);
  CHECK(error_code(bench->write_upload(kApp, id, ChunkRange{3, ~std::uint64_t{0}})) ==
        Errc::kInvalidArgument);

  const auto last = value(bench->write_upload(kApp, id, ChunkRange{3, 5}));
  REQUIRE(last->append(bytes("def")));
  CHECK(value(last->commit(digest_of("abcdef"))).size == 6);
}

TEST_CASE_TEMPLATE("Registry: a chunk has the size that it announced", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const UploadId id = bench.begin(kApp);
  auto writer = value(bench->write_upload(kApp, id, ChunkRange{0, 3}));

  SUBCASE("more is refused, and the piece that had too much is not taken") {
    REQUIRE(writer->append(bytes("ab")));
    CHECK(error_code(writer->append(bytes("cde"))) == Errc::kSizeMismatch);
    writer.reset();
    CHECK(value(bench->upload_status(kApp, id)).offset == 2);
    REQUIRE(bench.close(kApp, id, digest_of("abcd"), "cd"));
  }
  SUBCASE("less is refused, and what came stays") {
    REQUIRE(writer->append(bytes("ab")));
    CHECK(error_code(writer->pause()) == Errc::kSizeMismatch);
    CHECK(value(bench->upload_status(kApp, id)).offset == 2);
    REQUIRE(bench.close(kApp, id, digest_of("abcd"), "cd"));
  }
  SUBCASE("a closing chunk that is too short publishes nothing") {
    REQUIRE(writer->append(bytes("ab")));
    CHECK(error_code(writer->commit(digest_of("ab"))) == Errc::kSizeMismatch);
    CHECK(error_code(bench->stat_blob(kApp, digest_of("ab"))) == Errc::kBlobUnknown);
    CHECK(value(bench->upload_status(kApp, id)).offset == 2);
  }
}

TEST_CASE_TEMPLATE("Registry: a digest that is not that of the bytes ends the upload", Stores,
                   MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512}) {
    bench.push_blob(kOther, "expected", algorithm);
    const Digest claimed = digest_of("expected", algorithm);
    const UploadId id = bench.begin(kApp);
    bench.patch(kApp, id, "received");
    const auto refused = bench.close(kApp, id, claimed);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::kDigestMismatch);
    CHECK(refused.error().details ==
          std::vector{"the 8 bytes that were uploaded do not have the digest " + claimed.str() +
                      "; begin a new upload"});
    CHECK(error_code(bench->stat_blob(kApp, claimed)) == Errc::kBlobUnknown);
    CHECK(error_code(bench.blobs().size(digest_of("received", algorithm))) == Errc::kBlobUnknown);
    CHECK(error_code(bench->upload_status(kApp, id)) == Errc::kUploadUnknown);
  }
  CHECK(value(bench.metadata().list_uploads()).empty());
  CHECK(value(bench.blobs().open_uploads()).empty());
}

TEST_CASE_TEMPLATE("Registry: an upload belongs to its repository", Stores, MemoryStores,
                   DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  CHECK(error_code(bench->write_upload(kOther, id, std::nullopt)) == Errc::kUploadUnknown);
  CHECK(error_code(bench->upload_status(kOther, id)) == Errc::kUploadUnknown);
  CHECK(error_code(bench->cancel_upload(kOther, id)) == Errc::kUploadUnknown);
  CHECK(value(bench->upload_status(kApp, id)).offset == 3);
  CHECK(error_code(bench->upload_status(kApp, UploadId::random())) == Errc::kUploadUnknown);
}

TEST_CASE_TEMPLATE("Registry: an upload has one writer", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  const UploadId id = bench.begin(kApp);
  {
    const auto writer = value(bench->write_upload(kApp, id, std::nullopt));
    REQUIRE(writer->append(bytes("abc")));
    CHECK(error_code(bench->write_upload(kApp, id, std::nullopt)) == Errc::kUploadBusy);
    CHECK(value(bench->upload_status(kApp, id)).offset == 3);
    REQUIRE(writer->append(bytes("de")));
    CHECK(value(bench->upload_status(kApp, id)).offset == 5);
    CHECK(error_code(bench->upload_status(kOther, id)) == Errc::kUploadUnknown);
  }
  CHECK(value(bench->upload_status(kApp, id)).offset == 5);  // a broken connection keeps its bytes
}

TEST_CASE_TEMPLATE("Registry: an upload that is cancelled under its writer is gone at once", Stores,
                   MemoryStores, DiskStores, SmallBlobs) {
  Bench<Stores> bench;
  const UploadId id = bench.begin(kApp);
  {
    const auto writer = value(bench->write_upload(kApp, id, std::nullopt));
    REQUIRE(writer->append(bytes("abc")));
    CHECK(error_code(bench->cancel_upload(kOther, id)) == Errc::kUploadUnknown);
    REQUIRE(bench->cancel_upload(kApp, id));
    CHECK(error_code(bench->upload_status(kApp, id)) == Errc::kUploadUnknown);
    CHECK(error_code(bench->write_upload(kApp, id, std::nullopt)) == Errc::kUploadUnknown);
    CHECK(error_code(bench->cancel_upload(kApp, id)) == Errc::kUploadUnknown);

    SUBCASE("when more bytes come") {
      CHECK(error_code(writer->append(bytes("def"))) == Errc::kUploadUnknown);
    }
    SUBCASE("when the chunk ends") {
      CHECK(error_code(writer->pause()) == Errc::kUploadUnknown);
    }
    SUBCASE("when the upload ends") {
      CHECK(error_code(writer->commit(digest_of("abc"))) == Errc::kUploadUnknown);
    }
  }
  CHECK(error_code(bench->upload_status(kApp, id)) == Errc::kUploadUnknown);
  CHECK(error_code(bench->stat_blob(kApp, digest_of("abc"))) == Errc::kBlobUnknown);
  CHECK(value(bench.blobs().open_uploads()).empty());
  CHECK(value(bench.metadata().list_uploads()).empty());
}

TEST_CASE_TEMPLATE("Registry: a cancelled upload is gone", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  REQUIRE(bench->cancel_upload(kApp, id));
  CHECK(error_code(bench->upload_status(kApp, id)) == Errc::kUploadUnknown);
  CHECK(error_code(bench->write_upload(kApp, id, std::nullopt)) == Errc::kUploadUnknown);
  CHECK(error_code(bench->cancel_upload(kApp, id)) == Errc::kUploadUnknown);
  CHECK(value(bench.blobs().open_uploads()).empty());
}

TEST_CASE("Registry: an upload that meets a full store stays as it was") {
  Bench<MemoryStores> bench;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  bench.stores().blob_store.set_space({.free = 100, .reserve = 100});
  {
    const auto writer = value(bench->write_upload(kApp, id, std::nullopt));
    CHECK(error_code(writer->append(bytes("def"))) == Errc::kNoSpace);
  }
  CHECK(value(bench->upload_status(kApp, id)).offset == 3);
  bench.stores().blob_store.set_space({.free = 1000, .reserve = 100});
  CHECK(value(bench.close(kApp, id, digest_of("abcdef"), "def")).size == 6);
}

TEST_CASE("Registry: an upload that the store cannot begin can be tried again") {
  Bench<FaultyStores> bench;
  const UploadId id = bench.begin(kApp);
  for (const Errc error : {Errc::kNoSpace, Errc::kIo}) {
    bench.stores().blob_store.faults.begin = error;
    const auto writer = value(bench->write_upload(kApp, id, std::nullopt));
    CHECK(error_code(writer->append(bytes("abc"))) == error);
  }
  CHECK(value(bench->upload_status(kApp, id)).offset == 0);
  CHECK(value(bench.close(kApp, id, digest_of("abc"), "abc")).size == 3);
}

TEST_CASE("Registry: after a write error the next request takes up what is there") {
  Bench<FaultyStores> bench;
  auto& faulty = bench.stores().blob_store;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  faulty.faults.append = Errc::kIo;
  {
    const auto writer = value(bench->write_upload(kApp, id, std::nullopt));
    CHECK(error_code(writer->append(bytes("def"))) == Errc::kIo);
    CHECK(error_code(writer->append(bytes("def"))) == Errc::kIo);

    SUBCASE("when the request breaks off") {}
    SUBCASE("when the chunk is ended all the same") {
      CHECK(value(writer->pause()).offset == 3);
    }
    SUBCASE("when the upload is ended all the same") {
      CHECK(error_code(writer->commit(digest_of("abc"))) == Errc::kIo);
    }
  }
  CHECK(faulty.resumed == 0);
  CHECK(value(bench->upload_status(kApp, id)).offset == 3);
  CHECK(faulty.resumed == 1);
  CHECK(value(bench.close(kApp, id, digest_of("abcdef"), "def")).size == 6);
}

TEST_CASE("Registry: a chunk that the disk did not take is not acknowledged") {
  Bench<FaultyStores> bench;
  auto& faulty = bench.stores().blob_store;
  const UploadId id = bench.begin(kApp);
  {
    const auto writer = value(bench->write_upload(kApp, id, std::nullopt));
    REQUIRE(writer->append(bytes("abc")));
    faulty.faults.lose = true;
    CHECK(error_code(writer->pause()) == Errc::kIo);
  }
  CHECK(value(bench->upload_status(kApp, id)).offset == 0);
  CHECK(value(bench.close(kApp, id, digest_of("abc"), "abc")).size == 3);
}

TEST_CASE("Registry: an upload that was lost to a full disk is not offered again") {
  Bench<FaultyStores> bench;
  auto& faulty = bench.stores().blob_store;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  faulty.faults.commit = Errc::kNoSpace;
  faulty.faults.lose = true;
  CHECK(error_code(bench.close(kApp, id, digest_of("abc"))) == Errc::kNoSpace);
  CHECK(value(bench->upload_status(kApp, id)).offset == 0);
}

TEST_CASE("Registry: after a commit that failed the next request takes up what is there") {
  Bench<FaultyStores> bench;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  bench.stores().blob_store.faults.commit = Errc::kIo;
  CHECK(error_code(bench.close(kApp, id, digest_of("abc"))) == Errc::kIo);
  CHECK(error_code(bench->stat_blob(kApp, digest_of("abc"))) == Errc::kBlobUnknown);
  CHECK(value(bench.close(kApp, id, digest_of("abc"))).size == 3);
  CHECK(bench.stores().blob_store.resumed == 1);
}

TEST_CASE("Registry: an upload whose link fails can be ended again while it is small") {
  class FullStore final : public testing::ForwardingMetadataStore {
   public:
    using ForwardingMetadataStore::ForwardingMetadataStore;
    Result<index::Sequence> link_blob(const index::LinkBlob& request) override {
      if (full) return Error{Errc::kNoSpace, "injected"};
      return ForwardingMetadataStore::link_blob(request);
    }
    bool full = true;
  };
  FakeClock clock;
  MemoryBlobStore blobs(clock);
  index::MemoryMetadataStore real(clock);
  FullStore metadata(real);
  Registry registry(blobs, metadata, clock, {.small_blob_bytes = 8});
  const UploadId id = value(registry.start_upload(kApp, Algorithm::kSha256)).id;
  const auto send = [&](std::string_view content) {
    auto writer = value(registry.write_upload(kApp, id, std::nullopt));
    REQUIRE(writer->append(bytes(content)));
    return writer;
  };
  SUBCASE("with what came before") {
    REQUIRE(send("abcdef")->pause());
    CHECK(error_code(send("")->commit(digest_of("abcdef"))) == Errc::kNoSpace);
  }
  SUBCASE("with what came at last") {
    REQUIRE(send("abc")->pause());
    CHECK(error_code(send("def")->commit(digest_of("abcdef"))) == Errc::kNoSpace);
  }
  CHECK(value(registry.upload_status(kApp, id)).offset == 6);
  metadata.full = false;
  CHECK(value(send("")->commit(digest_of("abcdef"))).size == 6);
  CHECK(error_code(registry.upload_status(kApp, id)) == Errc::kUploadUnknown);
}

TEST_CASE("Registry: a crash between a blob and its link costs the client one more upload") {
  Bench<MemoryStores> bench;
  const UploadId id = bench.begin(kApp);
  bench.patch(kApp, id, "abc");
  bench.restart();
  REQUIRE(value(bench.blobs().resume_upload(id, Algorithm::kSha256))->commit(digest_of("abc")));

  CHECK(error_code(bench->stat_blob(kApp, digest_of("abc"))) == Errc::kBlobUnknown);
  CHECK(value(bench->upload_status(kApp, id)).offset == 0);
  CHECK_FALSE(value(bench->mount(kApp, digest_of("abc"), std::nullopt, allow_all)).has_value());
  bench.push_blob(kApp, "abc");
  CHECK(bench.read_blob(kApp, digest_of("abc")) == "abc");
  bench.clock().advance(hours(25));
  CHECK(value(bench->expire_uploads()) == 1);
  CHECK(bench.read_blob(kApp, digest_of("abc")) == "abc");
}

TEST_CASE_TEMPLATE("Registry: many may push one blob at a time", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  constexpr int kPushers = 8;
  const std::string content(100'000, 'x');
  const Digest digest = digest_of(content);
  std::atomic<int> pushed = 0;
  {
    std::vector<std::jthread> pushers;
    pushers.reserve(kPushers);
    for (int i = 0; i < kPushers; ++i) {
      pushers.emplace_back([&, name = i % 2 == 0 ? kApp : kOther] {
        const auto started = bench->start_upload(name, Algorithm::kSha256);
        if (!started) return;
        for (std::size_t at = 0; at < content.size(); at += 10'000) {
          const auto writer =
              bench->write_upload(name, started->id, ChunkRange{at, at + 10'000 - 1});
          if (!writer) return;
          if (!(*writer)->append(bytes(content).subspan(at, 10'000))) return;
          if (!(*writer)->pause()) return;
        }
        const auto writer = bench->write_upload(name, started->id, std::nullopt);
        if (writer && (*writer)->commit(digest)) ++pushed;
        if (!bench->expire_uploads()) pushed = -kPushers;
      });
    }
  }
  CHECK(pushed == kPushers);
  CHECK(bench.read_blob(kApp, digest) == content);
  CHECK(bench.read_blob(kOther, digest) == content);
  CHECK(value(bench.blobs().open_uploads()).empty());
}

TEST_CASE("Registry: of many writers to one upload, one at a time has it") {
  Bench<MemoryStores> bench;
  const UploadId id = bench.begin(kApp);
  std::atomic<int> writing = 0;
  std::atomic<int> written = 0;
  {
    constexpr int kWriters = 4;
    std::vector<std::jthread> writers;
    writers.reserve(kWriters);
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&] {
        for (int turn = 0; turn < 200; ++turn) {
          const auto writer = bench->write_upload(kApp, id, std::nullopt);
          if (!writer) continue;
          if (++writing != 1) written = -1'000'000;
          if ((*writer)->append(bytes("x"))) ++written;
          --writing;
          if (!(*writer)->pause()) written = -1'000'000;
        }
      });
    }
  }
  REQUIRE(written > 0);
  CHECK(value(bench->upload_status(kApp, id)).offset == static_cast<std::uint64_t>(written));
}

TEST_CASE_TEMPLATE("Registry: of a commit and a cancel one wins", Stores, MemoryStores, DiskStores,
                   SmallBlobs) {
  Bench<Stores> bench;
  for (int turn = 0; turn < 50; ++turn) {
    const std::string content = "turn " + std::to_string(turn);
    const Digest digest = digest_of(content);
    const UploadId id = bench.begin(kApp);
    bool committed = false;
    bool cancelled = false;
    auto writer = value(bench->write_upload(kApp, id, std::nullopt));
    {
      const std::jthread writing([&] {
        committed = writer->append(bytes(content)) && writer->commit(digest).has_value();
      });
      const std::jthread cancelling([&] {
        while (bench->upload_status(kApp, id) && !cancelled)
          cancelled = bench->cancel_upload(kApp, id).has_value();
      });
    }
    writer.reset();
    CHECK(committed != cancelled);
    CHECK(bench->stat_blob(kApp, digest).has_value() == committed);
    CHECK(error_code(bench->upload_status(kApp, id)) == Errc::kUploadUnknown);
  }
  CHECK(value(bench.blobs().open_uploads()).empty());
}

}  // namespace
}  // namespace shale::registry
