#include "server/index/rocks/rocks_metadata_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <rocksdb/db.h>

#include "tests/server/index/rocks/store_directory.h"

namespace shale::testing {
namespace {

using index::Durability;
using index::EdgeKind;
using index::RocksMetadataStore;
using index::RocksOptions;

TEST_CASE("RocksMetadataStore: everything is there again after closing and opening") {
  Directory at;
  const auto image = with(manifest("m"), EdgeKind::kLayer, "layer");
  const index::UploadRow upload{UploadId::random(), repo("a"), at.clock.now()};
  {
    const auto store = at.open();
    REQUIRE(store->link_blob(link("a", "layer")));
    REQUIRE(store->link_blob(link("b", "doomed")));
    REQUIRE(store->put_manifest(put("a", image, {"v1"})));
    REQUIRE(store->open_upload(upload));
  }
  const auto store = at.open();
  CHECK(store->sequence() == 3);
  CHECK(value(store->read_manifest(repo("a"), tag("v1"))).bytes == "m");
  CHECK(value(store->usage(repo("a"))) == index::Usage{1, 1, 1, 6, 6});
  CHECK(value(store->find_upload(upload.id)) == upload);
  CHECK(value(store->list_doomed(Time::max(), 10, {})).size() == 1);
  CHECK(value(store->check()).empty());
  CHECK(value(store->link_blob(link("a", "next"))) == 4);
}

/// What this process has read from files so far.
std::uint64_t bytes_read() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "rchar:") return value;
  }
  FAIL("/proc/self/io does not tell what was read");
  return 0;
}

TEST_CASE("RocksMetadataStore: opening does not read what is stored") {
  constexpr std::size_t kManifestBytes = 8'000;
  const auto read_to_open = [](int manifests) {
    Directory at;
    at.options.durability = Durability::kRelaxed;
    {
      const auto store = at.open();
      for (int i = 0; i < manifests; ++i) {
        std::string bytes = std::to_string(i);
        bytes.resize(kManifestBytes, 'm');
        REQUIRE(store->put_manifest(put("a", manifest(bytes), {"v" + std::to_string(i)})));
      }
    }
    const std::uint64_t before = bytes_read();
    const auto store = at.open();
    CHECK(store->sequence() == static_cast<index::Sequence>(manifests));
    return bytes_read() - before;
  };
  constexpr int kMany = 4'000;
  const std::uint64_t few = read_to_open(10);
  const std::uint64_t many = read_to_open(kMany);
  // Indexes and filters are a few bytes for each; the rows are 32 MB.
  CHECK(many < few + kMany * kManifestBytes / 50);
}

TEST_CASE("RocksMetadataStore: makes its directory, with those above it") {
  Directory at;
  SUBCASE("wherever it is") {
    at.options.path = at.directory / "one/two/three";
    CHECK(at.open()->sequence() == 0);
  }
  SUBCASE("from where the process is") {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(at.directory.path());
    at.options.path = "one/two";
    const bool opened = RocksMetadataStore::open(at.options).has_value();
    std::filesystem::current_path(before);
    CHECK(opened);
    CHECK(std::filesystem::exists(at.directory / "one/two/CURRENT"));
  }
}

TEST_CASE(
    "RocksMetadataStore: RocksDB keeps no log file, whose failed write would end the process") {
  Directory at;
  const auto store = at.open();
  for (const auto& file : std::filesystem::directory_iterator(at.options.path))
    CHECK_FALSE(file.path().filename().string().starts_with("LOG"));
}

TEST_CASE("RocksMetadataStore: a second opener is refused with words") {
  Directory at;
  const auto first = at.open();
  CHECK(at.refusal(Errc::kUnavailable).find("in use by another process") != std::string::npos);

  CHECK(first->link_blob(link("a", "layer")));
}

/// Another process that holds the store's lock. It makes system calls alone, as is
/// fit after a fork among threads.
class LockHolder {
 public:
  explicit LockHolder(const std::filesystem::path& lock) {
    REQUIRE(::pipe(ready_.data()) == 0);
    REQUIRE(::pipe(release_.data()) == 0);
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      hold(lock.c_str());
    }
    char byte = 0;
    REQUIRE(::read(ready_[0], &byte, 1) == 1);
  }
  LockHolder(const LockHolder&) = delete;
  LockHolder& operator=(const LockHolder&) = delete;
  ~LockHolder() {
    for (const int fd : {release_[1], release_[0], ready_[0], ready_[1]}) {
      ::close(fd);
    }
    ::waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] void hold(const char* path) const {
    ::close(release_[1]);
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    struct flock whole{};
    whole.l_type = F_WRLCK;
    char byte = 0;
    if (::fcntl(fd, F_SETLK, &whole) == 0 && ::write(ready_[1], &byte, 1) == 1) {
      // Ends when the parent closes its end.
      static_cast<void>(::read(release_[0], &byte, 1) == 0);
    }
    ::_exit(0);
  }

  std::array<int, 2> ready_{};
  std::array<int, 2> release_{};
  pid_t child_ = -1;
};

TEST_CASE("RocksMetadataStore: what another process has open is refused with words") {
  Directory at;
  at.open().reset();
  {
    const LockHolder other(at.options.path / "LOCK");
    CHECK(at.refusal(Errc::kUnavailable).find("in use by another process") != std::string::npos);
  }
  CHECK(at.open()->sequence() == 0);
}

TEST_CASE("RocksMetadataStore: a directory that cannot be made is named") {
  Directory at;
  std::ofstream(at.directory / "file") << "not a directory";
  at.options.path = at.directory / "file/index";
  CHECK(at.refusal(Errc::kIo).find("cannot be made") != std::string::npos);
}

TEST_CASE("RocksMetadataStore: commits at the same time share syncs of the log") {
  Directory at;
  constexpr int kThreads = 8;
  // The first sync lasts until everybody has written: the others must then share.
  std::latch all_written(kThreads);
  std::atomic<int> syncs = 0;
  at.options.before_sync = [&]() -> Result<void> {
    if (++syncs == 1) {
      all_written.wait();
    }
    return {};
  };
  const auto store = at.open();
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    std::jthread watch([&](const std::stop_token&) {
      for (index::Sequence seen = 0; seen < kThreads;) {
        const index::Sequence now = store->sequence();
        all_written.count_down(static_cast<std::ptrdiff_t>(now - seen));
        seen = now;
        std::this_thread::yield();
      }
    });
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        failures += store->link_blob(link("a", "layer " + std::to_string(i))) ? 0 : 1;
      });
    }
  }
  CHECK(failures == 0);
  CHECK(store->sequence() == kThreads);
  // One more for those whom the first did not cover; none, if all had written by then.
  CHECK(store->syncs() <= 2);
}

TEST_CASE("RocksMetadataStore: a commit that returned is synced, a relaxed one does not wait") {
  Directory at;
  int syncs = 0;
  at.options.before_sync = [&]() -> Result<void> { return ++syncs, Result<void>(); };

  SUBCASE("synced") {
    const auto store = at.open();
    REQUIRE(store->link_blob(link("a", "layer")));
    CHECK(syncs == 1);
    REQUIRE(store->open_upload({UploadId::random(), repo("a"), at.clock.now()}));
    CHECK(syncs == 1);
    CHECK(error_code(store->delete_blob(repo("b"), digest_of("layer"))) == Errc::kBlobUnknown);
    CHECK(syncs == 1);
  }
  SUBCASE("relaxed") {
    at.options.durability = Durability::kRelaxed;
    const auto store = at.open();
    REQUIRE(store->link_blob(link("a", "layer")));
    CHECK(syncs == 0);
  }
}

TEST_CASE("RocksMetadataStore: after a failed sync nothing is acknowledged until opened anew") {
  Directory at;
  bool broken = false;
  at.options.before_sync = [&]() -> Result<void> {
    return broken ? Result<void>(Error{Errc::kNoSpace, "the disk is full"}) : Result<void>();
  };
  {
    const auto store = at.open();
    REQUIRE(store->link_blob(link("a", "first")));
    broken = true;
    CHECK(error_code(store->link_blob(link("a", "second"))) == Errc::kNoSpace);
    broken = false;
    CHECK(error_code(store->link_blob(link("a", "third"))) == Errc::kUnavailable);
    CHECK(error_code(store->put_manifest(put("a", manifest("m")))) == Errc::kUnavailable);
    CHECK(error_code(store->delete_blob(repo("a"), digest_of("first"))) == Errc::kUnavailable);
    CHECK(error_code(store->open_upload({UploadId::random(), repo("a"), at.clock.now()})) ==
          Errc::kUnavailable);
    CHECK(store->find_blob(repo("a"), digest_of("first")));
  }
  const auto store = at.open();
  CHECK(store->find_blob(repo("a"), digest_of("first")));
  CHECK(store->link_blob(link("a", "third")));
  CHECK(value(store->check()).empty());
}

/// The files as they would stand if the process were killed now.
void copy_store(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

TEST_CASE("RocksMetadataStore: what was acknowledged is in the files when the process is killed") {
  Directory at;
  const auto running = at.open();
  REQUIRE(running->link_blob(link("a", "layer")));
  const auto image = with(manifest("m"), EdgeKind::kLayer, "layer");
  REQUIRE(running->put_manifest(put("a", image, {"v1"})));

  RocksOptions copy = at.options;
  copy.path = at.directory / "copy";
  copy_store(at.options.path, copy.path);
  const auto store = value(RocksMetadataStore::open(copy));
  CHECK(value(store->read_manifest(repo("a"), tag("v1"))).bytes == "m");
  CHECK(store->sequence() == 2);
  CHECK(value(store->check()).empty());
}

/// The newest log in the store's directory.
std::filesystem::path newest_log(const RocksOptions& options) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(options.path)) {
    if (entry.path().extension() == ".log" && entry.path() > newest) {
      newest = entry.path();
    }
  }
  return newest;
}

TEST_CASE("RocksMetadataStore: a log cut anywhere gives a whole number of commits") {
  Directory at;
  constexpr int kCommits = 4;
  const auto running = at.open();
  for (int i = 0; i < kCommits; ++i) {
    REQUIRE(running->link_blob(link("a", "layer " + std::to_string(i))));
  }
  const auto log = newest_log(at.options);
  const auto size = std::filesystem::file_size(log);
  REQUIRE(size > 0);
  index::Sequence most = 0;
  index::Sequence least = kCommits;
  for (std::uintmax_t cut = 0; cut <= size; cut += 61) {
    CAPTURE(cut);
    const TemporaryDirectory copies;
    RocksOptions copy = at.options;
    copy.path = copies / "index";
    copy_store(at.options.path, copy.path);
    std::filesystem::resize_file(copy.path / log.filename(), size - cut);
    const auto store = value(RocksMetadataStore::open(copy));
    CHECK(value(store->check()).empty());
    CHECK(value(store->usage(repo("a"))).blobs == static_cast<std::int64_t>(store->sequence()));
    most = std::max(most, store->sequence());
    least = std::min(least, store->sequence());
  }
  CHECK(most == kCommits);
  CHECK(least < 2);
}

TEST_CASE("RocksMetadataStore: threads that commit and read meet no contradiction") {
  Directory at;
  at.options.durability = Durability::kRelaxed;
  const auto store = at.open();
  const auto first = manifest("first");
  const auto second = manifest("second");
  REQUIRE(store->put_manifest(put("a", first, {"latest"})));

  std::atomic<int> faults = 0;
  constexpr int kRounds = 200;
  {
    std::vector<std::jthread> threads;
    // The tag always names one of two manifests, of which the other comes and goes.
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        const auto& next = i % 2 == 0 ? second : first;
        const auto& last = i % 2 == 0 ? first : second;
        faults += store->put_manifest(put("a", next, {"latest"})) ? 0 : 1;
        faults += store->delete_manifest(repo("a"), last.descriptor.digest, "x") ? 0 : 1;
      }
    });
    for (int reader = 0; reader < 2; ++reader) {
      threads.emplace_back([&] {
        for (int i = 0; i < kRounds; ++i) {
          const auto read = store->read_manifest(repo("a"), tag("latest"));
          faults += read && digest_of(read->bytes) == read->descriptor.digest ? 0 : 1;
          faults += store->list_tags(repo("a"), "", 10) ? 0 : 1;
        }
      });
    }
    for (int writer = 0; writer < 3; ++writer) {
      threads.emplace_back([&, writer] {
        const std::string name = "w" + std::to_string(writer % 2);
        for (int i = 0; i < kRounds; ++i) {
          const std::string content = "blob " + std::to_string(i % 10);
          faults += store->link_blob(link(name, content)) ? 0 : 1;
          static_cast<void>(store->mount_blob(repo(name), repo("m"), digest_of(content)));
          static_cast<void>(store->delete_blob(repo(name), digest_of(content)));
        }
      });
    }
  }
  CHECK(faults == 0);
  CHECK(value(store->check()).empty());
}

}  // namespace
}  // namespace shale::testing
