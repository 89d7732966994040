// What every `BlobStore` keeps to, whatever it stores the bytes in.
#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "blobstore/blob_store.h"
#include "tests/support/blob_stores.h"

namespace shale::testing {
namespace {

using enum Algorithm;

std::unique_ptr<UploadSession> begin(BlobStore& store, const UploadId& id = UploadId::random()) {
  return value(store.begin_upload(id, kSha256));
}

TEST_CASE_TEMPLATE("BlobStore: a committed blob has its size and its bytes", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  auto upload = begin(backend.store);
  REQUIRE(upload->append(bytes("hello ")));
  REQUIRE(upload->append(bytes("")));
  REQUIRE(upload->append(bytes("world")));
  CHECK(upload->offset() == 11);
  REQUIRE(upload->commit(digest_of("hello world")));

  CHECK(value(backend.store.size(digest_of("hello world"))) == 11);
  CHECK(read_blob(backend.store, digest_of("hello world")) == "hello world");
  CHECK(value(backend.store.open_uploads()).empty());
}

TEST_CASE_TEMPLATE("BlobStore: the empty blob is a blob", Backend, InMemory, OnDisk) {
  Backend backend;
  const Digest digest = put_blob(backend.store, "");
  CHECK(value(backend.store.size(digest)) == 0);
  CHECK(read_blob(backend.store, digest).empty());
}

TEST_CASE_TEMPLATE("BlobStore: what is not committed is not visible", Backend, InMemory, OnDisk) {
  Backend backend;
  auto upload = begin(backend.store);
  REQUIRE(upload->append(bytes("hello")));
  CHECK(error_code(backend.store.size(digest_of("hello"))) == Errc::kBlobUnknown);
  CHECK(error_code(backend.store.open(digest_of("hello"), 5)) == Errc::kBlobUnknown);
}

TEST_CASE_TEMPLATE("BlobStore: a mismatched commit publishes nothing", Backend, InMemory, OnDisk) {
  Backend backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello")));

  for (const auto algorithm : {kSha256, kSha512}) {
    const auto refused = upload->commit(digest_of("goodbye", algorithm));
    CHECK(error_code(refused) == Errc::kDigestMismatch);
    CHECK(error_message(refused).find(digest_of("hello", algorithm).str()) != std::string::npos);
    CHECK(error_code(backend.store.size(digest_of("goodbye", algorithm))) == Errc::kBlobUnknown);
    CHECK(error_code(backend.store.size(digest_of("hello", algorithm))) == Errc::kBlobUnknown);
  }

  SUBCASE("and the right digest still succeeds afterwards") {
    REQUIRE(upload->commit(digest_of("hello")));
    CHECK(read_blob(backend.store, digest_of("hello")) == "hello");
  }
  SUBCASE("and the upload can go on") {
    CHECK(upload->offset() == 5);
    REQUIRE(upload->append(bytes(", world")));
    REQUIRE(upload->commit(digest_of("hello, world")));
    CHECK(read_blob(backend.store, digest_of("hello, world")) == "hello, world");
  }
  SUBCASE("and the upload can be resumed") {
    upload.reset();
    upload = value(backend.store.resume_upload(id, kSha256));
    REQUIRE(upload->commit(digest_of("hello")));
  }
}

TEST_CASE_TEMPLATE("BlobStore: any algorithm may be announced and any may be asked for", Backend,
                   InMemory, OnDisk) {
  Backend backend;
  for (const auto hinted : {kSha256, kSha512}) {
    for (const auto asked : {kSha256, kSha512}) {
      const std::string content = std::string(algorithm_name(hinted)) + "+" +
                                  std::string(algorithm_name(asked)) + std::string(3 << 20, 'x');
      auto upload = value(backend.store.begin_upload(UploadId::random(), hinted));
      REQUIRE(upload->append(bytes(content)));
      REQUIRE(upload->commit(digest_of(content, asked)));
      CHECK(value(backend.store.size(digest_of(content, asked))) == content.size());
      const auto other = asked == kSha256 ? kSha512 : kSha256;
      CHECK(error_code(backend.store.size(digest_of(content, other))) == Errc::kBlobUnknown);
    }
  }
}

TEST_CASE_TEMPLATE("BlobStore: a session is used up by its commit", Backend, InMemory, OnDisk) {
  Backend backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello")));
  REQUIRE(upload->commit(digest_of("hello")));

  CHECK(error_code(upload->append(bytes("more"))) == Errc::kUploadUnknown);
  CHECK(error_code(upload->commit(digest_of("hello"))) == Errc::kUploadUnknown);
  REQUIRE(upload->rest());
  upload.reset();
  CHECK(error_code(backend.store.resume_upload(id, kSha256)) == Errc::kUploadUnknown);
  REQUIRE(backend.store.cancel_upload(id));
  CHECK(read_blob(backend.store, digest_of("hello")) == "hello");
}

TEST_CASE_TEMPLATE("BlobStore: a second upload of a blob succeeds and changes nothing", Backend,
                   InMemory, OnDisk) {
  Backend backend;
  const Digest digest = put_blob(backend.store, "twice");
  const auto reader = value(backend.store.open(digest, 5));
  put_blob(backend.store, "twice");

  CHECK(read_blob(backend.store, digest) == "twice");
  std::string seen(5, '\0');
  CHECK(value(reader->read(0, std::as_writable_bytes(std::span(seen)))) == 5);
  CHECK(seen == "twice");
  CHECK(value(backend.store.open_uploads()).empty());
}

TEST_CASE_TEMPLATE("BlobStore: an id begins only one upload", Backend, InMemory, OnDisk) {
  Backend backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello")));
  CHECK(error_code(backend.store.begin_upload(id, kSha256)) == Errc::kInvalidArgument);
  REQUIRE(upload->commit(digest_of("hello")));
}

TEST_CASE_TEMPLATE("BlobStore: an upload outlives its session", Backend, InMemory, OnDisk) {
  Backend backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello ")));
  upload.reset();

  Algorithm hinted = kSha256;
  SUBCASE("for the same algorithm") {
    hinted = kSha256;
  }
  SUBCASE("for another one") {
    hinted = kSha512;
  }
  upload = value(backend.store.resume_upload(id, hinted));
  CHECK(upload->offset() == 6);
  REQUIRE(upload->append(bytes("world")));
  REQUIRE(upload->commit(digest_of("hello world")));
  CHECK(read_blob(backend.store, digest_of("hello world")) == "hello world");
}

TEST_CASE_TEMPLATE("BlobStore: only what is open can be resumed", Backend, InMemory, OnDisk) {
  Backend backend;
  CHECK(error_code(backend.store.resume_upload(UploadId::random(), kSha256)) ==
        Errc::kUploadUnknown);
}

TEST_CASE_TEMPLATE("BlobStore: an upload has one session that is awake", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  const auto id = UploadId::random();
  auto first = begin(backend.store, id);
  REQUIRE(first->append(bytes("one")));
  CHECK(error_code(backend.store.resume_upload(id, kSha256)) == Errc::kUploadBusy);

  REQUIRE(first->rest());
  auto second = value(backend.store.resume_upload(id, kSha256));
  CHECK(error_code(first->append(bytes("x"))) == Errc::kUploadBusy);
  CHECK(error_code(first->commit(digest_of("one"))) == Errc::kUploadBusy);

  SUBCASE("and one that was overtaken by another notices") {
    REQUIRE(second->append(bytes(" two")));
    REQUIRE(second->rest());
    CHECK(error_code(first->append(bytes(" TWO"))) == Errc::kCorrupt);
    CHECK(error_code(first->commit(digest_of("one"))) == Errc::kCorrupt);
    REQUIRE(second->commit(digest_of("one two")));
    CHECK(error_code(first->append(bytes(" TWO"))) == Errc::kUploadUnknown);
  }
  SUBCASE("and the first goes on when the second lets go") {
    second.reset();
    REQUIRE(first->append(bytes(" two")));
    REQUIRE(first->commit(digest_of("one two")));
  }
}

TEST_CASE_TEMPLATE("BlobStore: a session wakes from its rest by itself", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  auto upload = begin(backend.store);
  REQUIRE(upload->rest());
  REQUIRE(upload->rest());
  REQUIRE(upload->append(bytes("hello ")));
  REQUIRE(upload->rest());
  CHECK(upload->offset() == 6);
  REQUIRE(upload->append(bytes("world")));
  REQUIRE(upload->rest());

  SUBCASE("for the digest that was announced") {
    REQUIRE(upload->commit(digest_of("hello world")));
  }
  SUBCASE("for another") {
    REQUIRE(upload->commit(digest_of("hello world", kSha512)));
  }
  SUBCASE("for a wrong one") {
    CHECK(error_code(upload->commit(digest_of("goodbye"))) == Errc::kDigestMismatch);
    REQUIRE(upload->rest());
    REQUIRE(upload->commit(digest_of("hello world")));
  }
}

TEST_CASE_TEMPLATE("BlobStore: a cancelled upload is gone", Backend, InMemory, OnDisk) {
  Backend backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello")));

  SUBCASE("for a session that still writes") {
    REQUIRE(backend.store.cancel_upload(id));
    CHECK(error_code(upload->commit(digest_of("hello"))) == Errc::kUploadUnknown);
    CHECK(error_code(upload->append(bytes("more"))) == Errc::kUploadUnknown);
  }
  SUBCASE("for a session at rest") {
    REQUIRE(upload->rest());
    REQUIRE(backend.store.cancel_upload(id));
    CHECK(error_code(upload->append(bytes("more"))) == Errc::kUploadUnknown);
    CHECK(error_code(upload->commit(digest_of("hello"))) == Errc::kUploadUnknown);
  }
  CHECK(error_code(backend.store.resume_upload(id, kSha256)) == Errc::kUploadUnknown);
  CHECK(value(backend.store.open_uploads()).empty());
  CHECK(error_code(backend.store.size(digest_of("hello"))) == Errc::kBlobUnknown);
  CHECK(backend.store.cancel_upload(id));  // again is no error
}

TEST_CASE_TEMPLATE("BlobStore: open uploads are told with their offsets", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  CHECK(value(backend.store.open_uploads()).empty());
  const auto empty = UploadId::random();
  const auto begun = UploadId::random();
  auto first = begin(backend.store, empty);
  auto second = begin(backend.store, begun);
  REQUIRE(second->append(bytes("hello")));
  put_blob(backend.store, "committed");

  auto open = value(backend.store.open_uploads());
  REQUIRE(open.size() == 2);
  std::ranges::sort(open, {}, &OpenUpload::offset);
  CHECK(open[0].id == empty);
  CHECK(open[0].offset == 0);
  CHECK(open[1].id == begun);
  CHECK(open[1].offset == 5);
  CHECK(open[1].modified <= SystemClock().now());
  CHECK(open[1].modified > SystemClock().now() - std::chrono::minutes(5));
}

TEST_CASE_TEMPLATE("BlobStore: opening with the wrong size tells of corruption", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  const Digest digest = put_blob(backend.store, "hello");
  CHECK(error_code(backend.store.open(digest, 4)) == Errc::kCorrupt);
  CHECK(error_code(backend.store.open(digest, 6)) == Errc::kCorrupt);
}

TEST_CASE_TEMPLATE("Blob: reads anywhere, and fewer bytes only at the end", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  const Digest digest = put_blob(backend.store, "0123456789");
  const auto blob = value(backend.store.open(digest, 10));
  CHECK(blob->size() == 10);

  std::string into(4, '.');
  const auto target = std::as_writable_bytes(std::span(into));
  CHECK(value(blob->read(3, target)) == 4);
  CHECK(into == "3456");
  CHECK(value(blob->read(8, target)) == 2);
  CHECK(into == "8956");
  CHECK(value(blob->read(10, target)) == 0);
  CHECK(value(blob->read(1000, target)) == 0);
  CHECK(value(blob->read(3, {})) == 0);
}

TEST_CASE_TEMPLATE("BlobStore: a removed blob is gone, but not for its readers", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  const Digest digest = put_blob(backend.store, "hello");
  const Digest other = put_blob(backend.store, "other");
  const auto reader = value(backend.store.open(digest, 5));
  REQUIRE(backend.store.remove(digest));

  CHECK(error_code(backend.store.size(digest)) == Errc::kBlobUnknown);
  CHECK(error_code(backend.store.open(digest, 5)) == Errc::kBlobUnknown);
  CHECK(value(backend.store.size(other)) == 5);
  std::string seen(5, '\0');
  CHECK(value(reader->read(0, std::as_writable_bytes(std::span(seen)))) == 5);
  CHECK(seen == "hello");

  SUBCASE("and removing again is no error") {
    REQUIRE(backend.store.remove(digest));
  }
  SUBCASE("and it can be uploaded again") {
    put_blob(backend.store, "hello");
    CHECK(read_blob(backend.store, digest) == "hello");
  }
}

TEST_CASE_TEMPLATE("BlobStore: all blobs are listed by digest, page by page", Backend, InMemory,
                   OnDisk) {
  Backend backend;
  CHECK(value(backend.store.list(std::nullopt, 10)).empty());
  std::vector<Digest> put;
  for (int i = 0; i < 40; ++i) {
    put.push_back(put_blob(backend.store, "blob " + std::to_string(i), i % 2 ? kSha256 : kSha512));
  }
  std::ranges::sort(put);

  std::vector<Digest> listed;
  std::optional<Digest> after;
  for (;;) {
    const auto page = value(backend.store.list(after, 7));
    REQUIRE(page.size() <= 7);
    for (const StoredFile& file : page) {
      CHECK(file.size == value(backend.store.size(file.digest)));
      listed.push_back(file.digest);
    }
    if (page.size() < 7) break;
    after = page.back().digest;
  }
  CHECK(listed == put);
}

TEST_CASE_TEMPLATE("BlobStore: a blob that is set aside is absent until it comes again", Backend,
                   InMemory, OnDisk) {
  Backend backend;
  const Digest damaged = put_blob(backend.store, "hello");
  const Digest other = put_blob(backend.store, "other");
  const auto reader = value(backend.store.open(damaged, 5));
  REQUIRE(backend.store.quarantine(damaged));
  REQUIRE(backend.store.quarantine(damaged));  // once more is no error

  CHECK(error_code(backend.store.size(damaged)) == Errc::kBlobUnknown);
  CHECK(error_code(backend.store.open(damaged, 5)) == Errc::kBlobUnknown);
  CHECK(value(backend.store.list(std::nullopt, 10)).size() == 1);
  REQUIRE(value(backend.store.quarantined()).size() == 1);
  CHECK(value(backend.store.quarantined())[0].digest == damaged);
  CHECK(read_blob(backend.store, other) == "other");
  std::string rest(5, ' ');
  CHECK(value(reader->read(0, std::as_writable_bytes(std::span(rest)))) == 5);

  SUBCASE("by an upload") {
    put_blob(backend.store, "hello");
    CHECK(read_blob(backend.store, damaged) == "hello");
    CHECK(value(backend.store.quarantined()).empty());
  }
  SUBCASE("or is forgotten by its removal") {
    REQUIRE(backend.store.remove(damaged));
    CHECK(value(backend.store.quarantined()).empty());
    CHECK(error_code(backend.store.size(damaged)) == Errc::kBlobUnknown);
  }
  SUBCASE("or is released") {
    REQUIRE(backend.store.release(damaged));
    REQUIRE(backend.store.release(damaged));
    CHECK(value(backend.store.quarantined()).empty());
  }
}

TEST_CASE_TEMPLATE("BlobStore: bytes that are kept elsewhere can be noted as damaged", Backend,
                   InMemory, OnDisk) {
  Backend backend;
  for (const auto algorithm : {kSha256, kSha512}) {
    const Digest elsewhere = digest_of("small", algorithm);
    REQUIRE(backend.store.quarantine(elsewhere));
    REQUIRE(value(backend.store.quarantined()).size() == 1);
    CHECK(value(backend.store.quarantined())[0].digest == elsewhere);
    REQUIRE(backend.store.release(elsewhere));
    CHECK(value(backend.store.quarantined()).empty());
  }
}

TEST_CASE_TEMPLATE("BlobStore: one blob from many threads is one blob", Backend, InMemory, OnDisk) {
  Backend backend;
  constexpr int kThreads = 8;
  constexpr int kRounds = 10;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&backend, &failures, t] {
        for (int round = 0; round < kRounds; ++round) {
          const std::string shared = "shared " + std::to_string(round);
          const std::string own = shared + " of " + std::to_string(t);
          for (const std::string& content : {shared, own}) {
            // doctest's assertions are slow to share, so the threads only count.
            auto upload = backend.store.begin_upload(UploadId::random(), kSha256);
            const bool good = upload && (*upload)->append(bytes(content)) &&
                              (*upload)->commit(digest_of(content)) &&
                              backend.store.open(digest_of(content), content.size());
            if (!good) ++failures;
          }
        }
      });
    }
  }
  CHECK(failures == 0);
  for (int round = 0; round < kRounds; ++round) {
    const std::string content = "shared " + std::to_string(round);
    CHECK(read_blob(backend.store, digest_of(content)) == content);
  }
  CHECK(value(backend.store.open_uploads()).empty());
}

TEST_CASE_TEMPLATE("BlobStore: there is space to speak of", Backend, InMemory, OnDisk) {
  Backend backend;
  const Space space = value(backend.store.space());
  CHECK(space.free > 0);
  CHECK(space.reserve == 0);
}

}  // namespace
}  // namespace shale::testing
