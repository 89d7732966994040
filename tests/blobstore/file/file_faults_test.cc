// The file driver over a file system that fails.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "blobstore/file/file_blob_store.h"
#include "tests/blobstore/file/faulty_file_system.h"
#include "tests/support/blob_stores.h"

namespace shale::testing {
namespace {

using enum Algorithm;

struct Faulty {
  TemporaryDirectory root;
  FaultyFileSystem files;
  std::unique_ptr<FileBlobStore> store = open();

  std::unique_ptr<FileBlobStore> open() { return value(try_open()); }
  Result<std::unique_ptr<FileBlobStore>> try_open() {
    return FileBlobStore::open({.root = root.path(), .reserve = 0, .files = &files});
  }
};

struct FaultyUpload : Faulty {
  UploadId id = UploadId::random();
  std::unique_ptr<UploadSession> upload = value(store->begin_upload(id, kSha256));

  FaultyUpload() { REQUIRE(upload->append(bytes("hello"))); }
};

TEST_CASE("FileBlobStore: bytes are durable before their name, and the name before the answer") {
  FaultyUpload f;
  put_blob(*f.store, "hello");  // so that its directory is there
  f.files.forget_log();
  REQUIRE(f.upload->commit(digest_of("hello")));
  CHECK(f.files.log() == std::vector{Call::kSyncData, Call::kRename, Call::kSetMode, Call::kSync});
}

TEST_CASE("FileBlobStore: the directories of a store are durable once it is open") {
  const Faulty f;
  const auto log = f.files.log();
  const auto last_made = std::ranges::find(log.rbegin(), log.rend(), Call::kMakeDirectory);
  REQUIRE(last_made != log.rend());
  CHECK(std::count(log.rbegin(), last_made, Call::kSync) == 2);  // blobs and the root
}

TEST_CASE("FileBlobStore: directories that a dead process left are made durable with the store") {
  const TemporaryDirectory above;
  const std::filesystem::path root = above / "data";
  std::filesystem::create_directory(root);
  FaultyFileSystem files;
  std::vector<std::ptrdiff_t> syncs;
  for (int starts = 0; starts < 2; ++starts) {
    files.forget_log();
    REQUIRE(FileBlobStore::open({.root = root, .reserve = 0, .files = &files}));
    syncs.push_back(std::ranges::count(files.log(), Call::kSync));
  }
  // Blobs and the root; the first time, each directory above that too.
  const auto parents = std::distance(root.begin(), root.end()) - 1;
  CHECK(syncs[0] == 2 + parents);
  CHECK(syncs[1] == 2);
}

TEST_CASE("FileBlobStore: a blob gets a durable directory before its name") {
  FaultyUpload f;
  f.files.forget_log();
  const std::vector first = {Call::kMakeDirectory, Call::kSync,    Call::kSyncData,
                             Call::kRename,        Call::kSetMode, Call::kSync};
  REQUIRE(f.upload->commit(digest_of("hello")));
  CHECK(f.files.log() == first);

  SUBCASE("which one that is there already may not be when the store was just opened") {
    f.upload.reset();
    f.store.reset();
    f.store = f.open();
    f.files.forget_log();
    put_blob(*f.store, "hello");
    CHECK(std::ranges::count(f.files.log(), Call::kSync) == 2);
  }
  SUBCASE("or else none at all") {
    f.files.fail(Call::kSync, EIO);
    auto upload = value(f.store->begin_upload(UploadId::random(), kSha512));
    REQUIRE(upload->append(bytes("hello")));
    CHECK(error_code(upload->commit(digest_of("hello", kSha512))) == Errc::kIo);
    f.files.mend(Call::kSync);
    CHECK(error_code(upload->commit(digest_of("hello", kSha512))) == Errc::kIo);
    CHECK(error_code(f.store->size(digest_of("hello", kSha512))) == Errc::kBlobUnknown);
  }
}

TEST_CASE("FileBlobStore: does not open over directories that are not durable") {
  Faulty f;
  f.store.reset();
  f.files.fail(Call::kSync, EIO);
  CHECK(error_code(f.try_open()) == Errc::kIo);
}

TEST_CASE("FileBlobStore: a directory without write access is refused with words") {
  Faulty f;
  f.store.reset();
  f.files.fail(Call::kMayWrite, EACCES);
  CHECK(error_message(f.try_open()).find("give the user that runs shale access") !=
        std::string::npos);
  f.files.fail(Call::kMayWrite, EROFS);
  CHECK(error_message(f.try_open()).find("mount the filesystem writable") != std::string::npos);
}

/// Three bytes of an append reach the file, then the disk is full.
void append_half_way(FaultyUpload& f) {
  f.files.shorten_writes(3);
  f.files.fail(Call::kWrite, ENOSPC);
  CHECK(error_code(f.upload->append(bytes(" there"))) == Errc::kNoSpace);
  CHECK(f.upload->offset() == 5);
  f.files.shorten_writes(std::nullopt);
  f.files.mend(Call::kWrite);
}

void check_that_it_goes_on(FaultyUpload& f) {
  CHECK(f.upload->offset() == 5);
  SUBCASE("so that the same bytes can come again") {
    REQUIRE(f.upload->append(bytes(" there")));
    REQUIRE(f.upload->commit(digest_of("hello there")));
    CHECK(read_blob(*f.store, digest_of("hello there")) == "hello there");
  }
  SUBCASE("so that fewer bytes can come") {
    REQUIRE(f.upload->append(bytes("!")));
    REQUIRE(f.upload->commit(digest_of("hello!")));
    CHECK(read_blob(*f.store, digest_of("hello!")) == "hello!");
  }
  SUBCASE("so that the upload can end there") {
    REQUIRE(f.upload->commit(digest_of("hello")));
    CHECK(read_blob(*f.store, digest_of("hello")) == "hello");
  }
  SUBCASE("so that it can end with the other algorithm") {
    REQUIRE(f.upload->commit(digest_of("hello", kSha512)));
    CHECK(read_blob(*f.store, digest_of("hello", kSha512)) == "hello");
  }
}

TEST_CASE("FileBlobStore: a write that fails half way has not moved the offset") {
  FaultyUpload f;
  append_half_way(f);
  CHECK(value(f.store->open_uploads()).at(0).offset == 5);
  check_that_it_goes_on(f);
}

TEST_CASE("FileBlobStore: half a write that cannot be cut off is cut off later") {
  FaultyUpload f;
  f.files.fail(Call::kTruncate, EIO);
  append_half_way(f);
  CHECK(error_code(f.upload->commit(digest_of("hello"))) == Errc::kIo);
  f.files.mend(Call::kTruncate);
  check_that_it_goes_on(f);
}

TEST_CASE("FileBlobStore: half a write is no obstacle to a rest") {
  FaultyUpload f;
  f.files.fail(Call::kTruncate, EIO);
  append_half_way(f);
  REQUIRE(f.upload->rest());
  f.files.mend(Call::kTruncate);
  check_that_it_goes_on(f);
}

TEST_CASE("FileBlobStore: a short write goes on where it ended") {
  FaultyUpload f;
  f.files.shorten_writes(2);
  REQUIRE(f.upload->append(bytes(" there")));
  REQUIRE(f.upload->commit(digest_of("hello there")));
  CHECK(read_blob(*f.store, digest_of("hello there")) == "hello there");
}

TEST_CASE("FileBlobStore: errors of the disk keep their kind") {
  FaultyUpload f;
  const auto code_for = [&](int error) {
    f.files.fail(Call::kWrite, error);
    return error_code(f.upload->append(bytes("x")));
  };
  CHECK(code_for(ENOSPC) == Errc::kNoSpace);
  CHECK(code_for(EDQUOT) == Errc::kNoSpace);
  CHECK(code_for(EIO) == Errc::kIo);
  f.files.fail(Call::kOpen, EMFILE);
  CHECK(error_code(f.store->begin_upload(UploadId::random(), kSha256)) == Errc::kUnavailable);
  CHECK(error_code(f.store->open(digest_of("x"), 1)) == Errc::kUnavailable);
}

TEST_CASE("FileBlobStore: bytes that did not reach the disk are never committed later") {
  FaultyUpload f;
  Call failing = Call::kSyncData;
  bool removed = true;
  SUBCASE("when the commit learns of it") {}
  SUBCASE("when the rest learns of it") {
    failing = Call::kFinishWriteBack;
  }
  SUBCASE("not even when the upload cannot be removed") {
    removed = false;
  }
  f.files.fail(failing, EIO);
  if (!removed) f.files.fail(Call::kUnlink, EIO);

  if (failing == Call::kFinishWriteBack) CHECK(error_code(f.upload->rest()) == Errc::kIo);
  CHECK(error_code(f.upload->commit(digest_of("hello"))) == Errc::kIo);

  // As the kernel does: it told of the error once, and now all seems well.
  f.files.mend(failing);
  CHECK(error_code(f.upload->commit(digest_of("hello"))) == Errc::kIo);
  CHECK(error_code(f.upload->append(bytes("x"))) == Errc::kIo);
  CHECK(error_code(f.upload->rest()) == Errc::kIo);
  const auto resumed = f.store->resume_upload(f.id, kSha256);
  CHECK(error_code(resumed) == (removed ? Errc::kUploadUnknown : Errc::kIo));
  CHECK(error_code(f.store->size(digest_of("hello"))) == Errc::kBlobUnknown);

  f.files.mend(Call::kUnlink);
  REQUIRE(f.store->cancel_upload(f.id));
  CHECK(value(f.store->open_uploads()).empty());
  put_blob(*f.store, "hello");
  CHECK(read_blob(*f.store, digest_of("hello")) == "hello");
}

TEST_CASE("FileBlobStore: a commit that fails before the rename can be tried again") {
  FaultyUpload f;
  Call failing = Call::kRename;
  int error = EIO;
  SUBCASE("because renaming fails") {}
  SUBCASE("because there is no room for a name") {
    error = ENOSPC;
  }
  SUBCASE("because no descriptor is left") {
    failing = Call::kOpen;
    error = EMFILE;
  }
  f.files.fail(failing, error);
  CHECK_FALSE(f.upload->commit(digest_of("hello")).has_value());
  CHECK(error_code(f.store->size(digest_of("hello"))) != Errc::kCorrupt);

  f.files.mend(failing);
  CHECK(error_code(f.store->size(digest_of("hello"))) == Errc::kBlobUnknown);
  REQUIRE(f.upload->commit(digest_of("hello")));
  CHECK(read_blob(*f.store, digest_of("hello")) == "hello");
}

TEST_CASE("FileBlobStore: a name that did not reach the disk is never acknowledged") {
  FaultyUpload f;
  put_blob(*f.store, "hello");  // so that its directory is there
  put_blob(*f.store, "goodbye");
  f.files.fail(Call::kSync, EIO);
  CHECK(error_code(f.upload->commit(digest_of("hello"))) == Errc::kIo);
  CHECK(error_code(f.upload->commit(digest_of("hello"))) == Errc::kUploadUnknown);

  f.files.mend(Call::kSync);
  auto again = value(f.store->begin_upload(UploadId::random(), kSha256));
  REQUIRE(again->append(bytes("hello")));
  CHECK(error_code(again->commit(digest_of("hello"))) == Errc::kIo);

  SUBCASE("and other directories are not concerned") {
    put_blob(*f.store, "goodbye");
  }
  SUBCASE("until the store is opened again") {
    f.upload.reset();
    again.reset();
    f.store.reset();
    f.store = f.open();
    put_blob(*f.store, "hello");
    CHECK(read_blob(*f.store, digest_of("hello")) == "hello");
  }
}

TEST_CASE("FileBlobStore: making a blob read-only is no condition for it") {
  FaultyUpload f;
  f.files.fail(Call::kSetMode, EPERM);
  REQUIRE(f.upload->commit(digest_of("hello")));
}

TEST_CASE("FileBlobStore: a blob that cannot be read tells so") {
  Faulty f;
  const Digest digest = put_blob(*f.store, "hello");
  const auto blob = value(f.store->open(digest, 5));
  f.files.fail(Call::kRead, EIO);
  std::string into(5, '\0');
  CHECK(error_code(blob->read(0, std::as_writable_bytes(std::span(into)))) == Errc::kIo);
}

TEST_CASE("FileBlobStore: a blob is set aside for good before that is answered") {
  Faulty f;
  const Digest blob = put_blob(*f.store, "hello");
  f.files.forget_log();
  REQUIRE(f.store->quarantine(blob));
  // Where the name has come to is synced first, then where it has gone from.
  const auto log = f.files.log();
  REQUIRE(log.size() >= 3);
  const std::vector last(log.end() - 3, log.end());
  CHECK(last == std::vector{Call::kRename, Call::kSync, Call::kSync});
}

TEST_CASE("FileBlobStore: a blob that cannot be set aside stays where it is") {
  Faulty f;
  const Digest blob = put_blob(*f.store, "hello");
  for (const int error : {ENOSPC, EROFS}) {
    f.files.fail(Call::kRename, error);
    CHECK_FALSE(f.store->quarantine(blob));
    f.files.mend_all();
    CHECK(read_blob(*f.store, blob) == "hello");
    CHECK(value(f.store->quarantined()).empty());
  }
  f.files.fail(Call::kMakeDirectory, ENOSPC);
  CHECK(error_code(f.store->quarantine(blob)) == Errc::kNoSpace);
  CHECK(read_blob(*f.store, blob) == "hello");
}

TEST_CASE("FileBlobStore: writing to the disk begins while the body still comes") {
  Faulty f;
  auto upload = value(f.store->begin_upload(UploadId::random(), kSha256));
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 7; ++i)
    REQUIRE(upload->append(bytes(piece)));
  CHECK(f.files.count(Call::kStartWriteBack) == 0);
  for (int i = 7; i < 24; ++i)
    REQUIRE(upload->append(bytes(piece)));
  CHECK(f.files.count(Call::kStartWriteBack) == 3);
  CHECK(f.files.count(Call::kFreeSpace) == 3);

  SUBCASE("and where that is not possible the sync still sees to all") {
    f.files.fail(Call::kStartWriteBack, ENOSYS);
    for (int i = 0; i < 8; ++i)
      REQUIRE(upload->append(bytes(piece)));
    const std::string content(32 << 20, 'x');
    REQUIRE(upload->commit(digest_of(content)));
    CHECK(f.files.count(Call::kSyncData) == 1);
  }
}

TEST_CASE("FileBlobStore: commits into one directory at the same time share its syncs") {
  Faulty f;
  constexpr int kUploads = 16;
  // One blob, so one directory. The first sync ends only when all others have renamed.
  std::vector<std::unique_ptr<UploadSession>> uploads;
  for (int i = 0; i < kUploads; ++i) {
    uploads.push_back(value(f.store->begin_upload(UploadId::random(), kSha256)));
    REQUIRE(uploads.back()->append(bytes("hello")));
  }
  put_blob(*f.store, "hello");  // so that its directory is there
  const int before = f.files.count(Call::kSync);
  const int renamed_before = f.files.count(Call::kRename);
  f.files.after(Call::kSync, [&] {
    while (f.files.count(Call::kRename) < renamed_before + kUploads)
      std::this_thread::yield();
  });
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(kUploads);
    for (auto& upload : uploads) {
      threads.emplace_back([&] {
        if (!upload->commit(digest_of("hello"))) ++failures;
      });
    }
  }
  CHECK(failures == 0);
  CHECK(f.files.count(Call::kSync) - before < kUploads);
  CHECK(read_blob(*f.store, digest_of("hello")) == "hello");
}

}  // namespace
}  // namespace shale::testing
