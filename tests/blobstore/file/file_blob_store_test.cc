// What only the driver for files promises; the rest is in the contract test.
#include "blobstore/file/file_blob_store.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/mount.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "tests/support/blob_stores.h"

namespace shale::testing {
namespace {

namespace fs = std::filesystem;
using enum Algorithm;

void write_file(const fs::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string file_content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

fs::path blob_path(const TemporaryDirectory& root, const Digest& digest) {
  const std::string hex = digest.hex();
  return root / "blobs" / algorithm_name(digest.algorithm()) / hex.substr(0, 2) / hex;
}

fs::path upload_path(const TemporaryDirectory& root, const UploadId& id) {
  return root / "uploads" / id.str();
}

std::size_t entries(const fs::path& path) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

std::unique_ptr<UploadSession> begin(BlobStore& store, const UploadId& id) {
  return value(store.begin_upload(id, kSha256));
}

TEST_CASE("FileBlobStore: files are where the README says") {
  OnDisk backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello")));
  CHECK(file_content(upload_path(backend.root, id)) == "hello");

  REQUIRE(upload->commit(digest_of("hello")));
  CHECK_FALSE(fs::exists(upload_path(backend.root, id)));
  CHECK(file_content(blob_path(backend.root, digest_of("hello"))) == "hello");
  const Digest long_one = put_blob(backend.store, "hello", kSha512);
  CHECK(file_content(blob_path(backend.root, long_one)) == "hello");

  CHECK(entries(backend.root.path()) == 2);
  CHECK(entries(backend.root / "blobs") == 2);
  CHECK(entries(backend.root / "blobs" / "sha256") == 1);
  CHECK(entries(backend.root / "blobs" / "sha512") == 1);
}

TEST_CASE("FileBlobStore: a blob is read-only, and no file is for everybody") {
  OnDisk backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  CHECK((fs::status(upload_path(backend.root, id)).permissions() & fs::perms::others_all) ==
        fs::perms::none);
  REQUIRE(upload->append(bytes("hello")));
  REQUIRE(upload->commit(digest_of("hello")));
  const auto permissions = fs::status(blob_path(backend.root, digest_of("hello"))).permissions();
  CHECK((permissions & fs::perms::owner_read) != fs::perms::none);
  CHECK((permissions & ~(fs::perms::owner_read | fs::perms::group_read)) == fs::perms::none);
}

TEST_CASE("FileBlobStore: missing directories are made, those above the root too") {
  const TemporaryDirectory base;
  const fs::path root = base / "a" / "b" / "c";
  {
    auto store = value(FileBlobStore::open({.root = root, .reserve = 0}));
    put_blob(*store, "hello");
  }
  CHECK(fs::is_directory(root / "blobs" / "sha256"));
  CHECK(FileBlobStore::open({.root = root / "", .reserve = 0}));
}

TEST_CASE("FileBlobStore: blobs and uploads are there when the store is opened again") {
  OnDisk backend;
  const Digest digest = put_blob(backend.store, "committed");
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello ")));
  upload.reset();
  backend.disk.reset();

  const auto store = backend.open();
  CHECK(read_blob(*store, digest) == "committed");
  const auto open = value(store->open_uploads());
  REQUIRE(open.size() == 1);
  CHECK(open[0].id == id);
  CHECK(open[0].offset == 6);
  upload = value(store->resume_upload(id, kSha512));
  REQUIRE(upload->append(bytes("world")));
  REQUIRE(upload->commit(digest_of("hello world")));
  CHECK(read_blob(*store, digest_of("hello world")) == "hello world");
}

TEST_CASE("FileBlobStore: a large upload in uneven pieces, with rests between") {
  OnDisk backend;
  std::string content(20 << 20, '\0');
  std::uint32_t noise = 1;
  std::ranges::generate(content,
                        [&] { return static_cast<char>((noise = noise * 69069 + 1) >> 24); });

  auto upload = begin(backend.store, UploadId::random());
  std::size_t piece = 1;
  for (std::size_t at = 0; at < content.size(); piece = piece * 3 + 1) {
    const auto part = bytes(content).subspan(at).first(std::min(piece, content.size() - at));
    REQUIRE(upload->append(part));
    at += part.size();
    CHECK(upload->offset() == at);
    if (piece % 2 == 0) REQUIRE(upload->rest());
  }
  const Digest digest = digest_of(content);
  REQUIRE(upload->commit(digest));
  CHECK(file_content(blob_path(backend.root, digest)) == content);
}

TEST_CASE("FileBlobStore: a blob has a descriptor to send from") {
  OnDisk backend;
  const Digest digest = put_blob(backend.store, "hello");
  const auto blob = value(backend.store.open(digest, 5));
  struct ::stat status{};
  REQUIRE(::fstat(blob->descriptor(), &status) == 0);
  CHECK(status.st_size == 5);
}

TEST_CASE("FileBlobStore: a blob whose file was cut is corrupt, and a new upload mends it") {
  OnDisk backend;
  const Digest digest = put_blob(backend.store, "hello");
  const fs::path path = blob_path(backend.root, digest);
  fs::permissions(path, fs::perms::owner_all);
  fs::resize_file(path, 3);
  CHECK(error_code(backend.store.open(digest, 5)) == Errc::kCorrupt);

  put_blob(backend.store, "hello");
  CHECK(read_blob(backend.store, digest) == "hello");
}

TEST_CASE("FileBlobStore: what was set aside is known when the store is opened again") {
  OnDisk backend;
  const Digest damaged = put_blob(backend.store, "hello");
  const Digest marked = digest_of("small");
  REQUIRE(backend.store.quarantine(damaged));
  REQUIRE(backend.store.quarantine(marked));
  const auto kept = backend.root.path() / "quarantine" / "sha256" / damaged.hex();
  CHECK(std::filesystem::file_size(kept) == 5);

  backend.disk.reset();
  backend.disk = backend.open();
  const auto known = value(backend.disk->quarantined());
  REQUIRE(known.size() == 2);
  CHECK(known[0].since > Time());

  SUBCASE("and a commit takes it out of there") {
    put_blob(*backend.disk, "hello");
    CHECK(!std::filesystem::exists(kept));
  }
  SUBCASE("unless the blob is back, as after a crash in the middle of a commit") {
    const auto place = backend.root.path() / "blobs" / "sha256" / damaged.hex().substr(0, 2);
    std::filesystem::copy_file(kept, place / damaged.hex());
    backend.disk.reset();
    backend.disk = backend.open();
    REQUIRE(value(backend.disk->quarantined()).size() == 1);
    CHECK(value(backend.disk->quarantined())[0].digest == marked);
    CHECK(!std::filesystem::exists(kept));
  }
}

TEST_CASE("FileBlobStore: names that are no blobs are not listed") {
  OnDisk backend;
  const Digest blob = put_blob(backend.store, "hello");
  const auto sha256 = backend.root.path() / "blobs" / "sha256";
  std::ofstream(sha256 / blob.hex().substr(0, 2) / "README") << "notes";
  std::filesystem::create_directory(sha256 / "zz");
  const std::string other = digest_of("other").hex();
  REQUIRE(other.substr(0, 2) != blob.hex().substr(0, 2));
  std::ofstream(sha256 / blob.hex().substr(0, 2) / other) << "other";  // in a wrong place
  const auto listed = value(backend.store.list(std::nullopt, 10));
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].digest == blob);
}

TEST_CASE("FileBlobStore: what stands in the place of a blob is not followed") {
  OnDisk backend;
  const Digest digest = digest_of("secret");
  write_file(backend.root / "secret", "secret");
  const fs::path path = blob_path(backend.root, digest);
  fs::create_directories(path.parent_path());

  SUBCASE("a symbolic link") {
    fs::create_symlink(backend.root / "secret", path);
    CHECK(error_code(backend.store.size(digest)) == Errc::kCorrupt);
    CHECK(error_code(backend.store.open(digest, 6)) == Errc::kIo);
    put_blob(backend.store, "secret");
    CHECK(fs::is_regular_file(fs::symlink_status(path)));
  }
  SUBCASE("a directory") {
    fs::create_directory(path);
    CHECK(error_code(backend.store.size(digest)) == Errc::kCorrupt);
    CHECK(error_code(backend.store.open(digest, 6)) == Errc::kCorrupt);
  }
  SUBCASE("a pipe") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(error_code(backend.store.size(digest)) == Errc::kCorrupt);
    CHECK(error_code(backend.store.open(digest, 6)) == Errc::kCorrupt);
  }
}

TEST_CASE("FileBlobStore: foreign files among the uploads are told of and left alone") {
  OnDisk backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  const auto directory_id = UploadId::random();
  write_file(backend.root / "uploads" / "notes.txt", "mine");
  write_file(backend.root / "uploads" / ".nfs0001", "");
  fs::create_directory(upload_path(backend.root, directory_id));

  const auto open = value(backend.store.open_uploads());
  REQUIRE(open.size() == 1);
  CHECK(open[0].id == id);
  auto foreign = value(backend.disk->foreign_files());
  std::ranges::sort(foreign);
  REQUIRE(foreign.size() == 3);
  CHECK(foreign[0] == ".nfs0001");
  CHECK(std::ranges::count(foreign, "notes.txt") == 1);
  CHECK(std::ranges::count(foreign, directory_id.str()) == 1);
  CHECK(file_content(backend.root / "uploads" / "notes.txt") == "mine");
  CHECK(error_code(backend.store.resume_upload(directory_id, kSha256)) == Errc::kIo);
}

TEST_CASE("FileBlobStore: an upload that was changed behind its back is not published") {
  OnDisk backend;
  const auto id = UploadId::random();
  auto upload = begin(backend.store, id);
  REQUIRE(upload->append(bytes("hello")));

  SUBCASE("cut while it is open") {
    fs::resize_file(upload_path(backend.root, id), 3);
    CHECK(error_code(upload->commit(digest_of("hello"))) == Errc::kCorrupt);
  }
  SUBCASE("grown while it is open") {
    fs::resize_file(upload_path(backend.root, id), 9);
    CHECK(error_code(upload->commit(digest_of("hello"))) == Errc::kCorrupt);
  }
  SUBCASE("cut while it rests") {
    REQUIRE(upload->rest());
    fs::resize_file(upload_path(backend.root, id), 3);
    CHECK(error_code(upload->append(bytes("more"))) == Errc::kCorrupt);
    CHECK(error_code(upload->commit(digest_of("hello"))) == Errc::kCorrupt);
  }
  CHECK(error_code(backend.store.size(digest_of("hello"))) == Errc::kBlobUnknown);
}

TEST_CASE("FileBlobStore: a root that cannot be one is refused with its name") {
  const TemporaryDirectory base;
  write_file(base / "file", "");

  SUBCASE("a file") {
    const auto refused = FileBlobStore::open({.root = base / "file"});
    CHECK(error_code(refused) == Errc::kIo);
    CHECK(error_message(refused).find((base / "file").string()) != std::string::npos);
  }
  SUBCASE("below a file") {
    const auto refused = FileBlobStore::open({.root = base / "file" / "data"});
    CHECK(error_code(refused) == Errc::kIo);
    CHECK(error_message(refused).find((base / "file" / "data").string()) != std::string::npos);
  }
  SUBCASE("with a file for a directory") {
    write_file(base / "uploads", "");
    const auto refused = FileBlobStore::open({.root = base.path()});
    CHECK(error_code(refused) == Errc::kIo);
    CHECK(error_message(refused).find((base / "uploads").string()) != std::string::npos);
  }
  SUBCASE("with a link for a directory") {
    fs::create_directory(base / "elsewhere");
    fs::create_directory_symlink(base / "elsewhere", base / "blobs");
    const auto refused = FileBlobStore::open({.root = base.path()});
    CHECK(error_code(refused) == Errc::kIo);
    CHECK(error_message(refused).find("symbolic link") != std::string::npos);
  }
}

TEST_CASE("FileBlobStore: the root itself may be a link") {
  const TemporaryDirectory base;
  fs::create_directory(base / "disk");
  fs::create_directory_symlink(base / "disk", base / "data");
  auto store = value(FileBlobStore::open({.root = base / "data", .reserve = 0}));
  put_blob(*store, "hello");
  CHECK(fs::is_directory(base / "disk" / "blobs"));
}

TEST_CASE("FileBlobStore: a reserve larger than the disk refuses every upload and nothing else") {
  OnDisk backend;
  const Digest digest = put_blob(backend.store, "hello");
  backend.disk.reset();

  constexpr auto kEverything = ~std::uint64_t{0};
  auto store = value(FileBlobStore::open({.root = backend.root.path(), .reserve = kEverything}));
  CHECK(value(store->space()).reserve == kEverything);
  auto upload = begin(*store, UploadId::random());
  CHECK(error_code(upload->append(bytes("x"))) == Errc::kNoSpace);
  CHECK(upload->offset() == 0);
  CHECK(read_blob(*store, digest) == "hello");
  REQUIRE(store->remove(digest));
}

/// A filesystem of its own. Mounting takes privileges that not everybody has.
class SmallDisk {
 public:
  explicit SmallDisk(const char* options)
      : mounted_(::mount("tmpfs", root_.path().c_str(), "tmpfs", 0, options) == 0) {
    if (!mounted_) MESSAGE("LEFT OUT: a file system of its own takes the right to mount one");
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(root_.path().c_str(), MNT_DETACH);
  }

  bool mounted() const { return mounted_; }
  const fs::path& path() const { return root_.path(); }
  bool make_read_only() const {
    return ::mount(nullptr, root_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  TemporaryDirectory root_;
  bool mounted_;
};

TEST_CASE("FileBlobStore: a full disk fails the append and leaves the upload usable") {
  const SmallDisk disk("size=1m");
  if (!disk.mounted()) return;
  auto store = value(FileBlobStore::open({.root = disk.path(), .reserve = 0}));
  put_blob(*store, std::string(300 << 10, 'a'));
  auto upload = begin(*store, UploadId::random());
  REQUIRE(upload->append(bytes("hello")));

  CHECK(error_code(upload->append(bytes(std::string(2 << 20, 'b')))) == Errc::kNoSpace);
  CHECK(upload->offset() == 5);
  REQUIRE(upload->append(bytes(" world")));
  REQUIRE(upload->commit(digest_of("hello world")));
  CHECK(read_blob(*store, digest_of("hello world")) == "hello world");
}

TEST_CASE("FileBlobStore: a disk that became read-only fails uploads and still reads") {
  const SmallDisk disk("size=8m");
  if (!disk.mounted()) return;
  Digest digest = digest_of("");
  const auto id = UploadId::random();
  {
    auto store = value(FileBlobStore::open({.root = disk.path(), .reserve = 0}));
    digest = put_blob(*store, "hello");
    auto upload = begin(*store, id);
    REQUIRE(upload->append(bytes("more")));
    upload.reset();
    REQUIRE(disk.make_read_only());

    CHECK(read_blob(*store, digest) == "hello");
    CHECK(error_code(store->begin_upload(UploadId::random(), kSha256)) == Errc::kIo);
    CHECK(error_code(store->resume_upload(id, kSha256)) == Errc::kIo);
    CHECK(error_code(store->cancel_upload(id)) == Errc::kIo);
    CHECK(error_code(store->remove(digest)) == Errc::kIo);
  }
  const auto refused = FileBlobStore::open({.root = disk.path()});
  CHECK(error_code(refused) == Errc::kIo);
  CHECK(error_message(refused).find("mount the filesystem writable") != std::string::npos);
}

TEST_CASE("FileBlobStore: blobs and uploads have to be on one file system") {
  OnDisk backend;
  backend.disk.reset();
  const fs::path uploads = backend.root / "uploads";
  if (::mount("tmpfs", uploads.c_str(), "tmpfs", 0, "size=1m") != 0) {
    MESSAGE("LEFT OUT: a file system of its own takes the right to mount one");
    return;
  }
  const auto refused = FileBlobStore::open({.root = backend.root.path()});
  ::umount2(uploads.c_str(), MNT_DETACH);
  CHECK(error_code(refused) == Errc::kIo);
  CHECK(error_message(refused).find("on another filesystem") != std::string::npos);
}

}  // namespace
}  // namespace shale::testing
