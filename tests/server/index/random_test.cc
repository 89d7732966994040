#include <map>
#include <random>
#include <set>

#include <doctest/doctest.h>

#include "tests/server/index/stores.h"
#include "tests/support/from_environment.h"

/// Random operations on a small universe, so that they meet each other, applied
/// to the store in RocksDB and to the model in memory. Every answer has to be the
/// same, and from time to time everything that can be listed.
///
/// `SHALE_TEST_SEED` repeats one run; `SHALE_TEST_ROUNDS` makes it longer.
namespace shale::testing {
namespace {

using index::Edge;
using index::EdgeKind;
using index::MetadataStore;

template <class T>
std::string words(const Result<T>& result) {
  if (result) {
    return "fine";
  }
  std::string text = std::to_string(static_cast<int>(result.error().code));
  for (const std::string& detail : result.error().details) {
    text += "\n" + detail;
  }
  return text;
}

/// Quotas narrow enough to be in the way often; a history and a rule for what is untagged, in
/// every combination.
index::StorePolicy rules() {
  using std::chrono::milliseconds;
  index::StorePolicy policy;
  policy.history = [](const index::RepositoryName& repository) -> milliseconds {
    const bool kept = repository.str() == "a/b" || repository.str() == "a-b";
    return kept ? std::chrono::minutes(20) : milliseconds(0);
  };
  policy.untagged = [](const index::RepositoryName& repository) -> std::optional<milliseconds> {
    if (repository.str() == "a/b") return std::chrono::minutes(15);
    if (repository.str() == "library/ubuntu") return milliseconds(0);
    return std::nullopt;
  };
  policy.quotas = [](const index::RepositoryName& repository) {
    std::vector<index::Quota> quotas;
    const bool below = repository.str() == "a" || repository.str() == "a/b";
    if (below) quotas.push_back({"a", 150, 6});
    if (repository.str() == "a/b") quotas.push_back({"a/b", 100, std::nullopt});
    return quotas;
  };
  return policy;
}

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : random_(seed) { reopen(); }

  void step();
  void compare_all();
  void reopen();

 private:
  static constexpr int kRepositories = 4;
  static constexpr int kBlobs = 8;
  static constexpr int kManifests = 10;
  static constexpr int kTags = 5;

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  /// No content can name itself.
  int other_than(int number) { return (number + 1 + below(kManifests - 1)) % kManifests; }
  bool chance(int percent) { return below(100) < percent; }

  index::RepositoryName any_repository() {
    static const std::vector<std::string> kNames{"a", "a/b", "a-b", "library/ubuntu"};
    return repo(kNames.at(static_cast<std::size_t>(below(kRepositories))));
  }
  static std::string blob_content(int i) { return "blob " + std::string(1U + unsigned(i), 'x'); }
  static std::string manifest_content(int i) { return "manifest " + std::to_string(i); }
  index::Tag any_tag() { return tag("t" + std::to_string(below(kTags))); }
  Algorithm algorithm_of(int i) const {
    return i % 3 == 0 ? Algorithm::kSha512 : Algorithm::kSha256;
  }
  Digest blob(int i) const { return digest_of(blob_content(i), algorithm_of(i)); }
  Digest manifest_digest(int i) const { return digest_of(manifest_content(i), algorithm_of(i)); }

  index::PutManifest any_put();
  UploadId any_upload();

  /// Asks both stores the same and wants the same answer.
  template <class Ask>
  void both(const char* what, Ask ask) {
    const auto expected = ask(static_cast<MetadataStore&>(model_));
    const auto actual = ask(static_cast<MetadataStore&>(*store_));
    INFO(std::string(what));
    REQUIRE(words(actual) == words(expected));
    if constexpr (requires { *actual == *expected; }) {
      if (expected) {
        REQUIRE(*actual == *expected);
      }
    }
  }
  void collect_one();
  void compare_repository(const index::RepositoryName& repository);

  std::mt19937_64 random_;
  FakeClock clock_;
  index::MemoryMetadataStore model_{clock_, kLease, rules()};
  TemporaryDirectory directory_;
  std::unique_ptr<index::RocksMetadataStore> store_;
  std::vector<UploadId> uploads_;
};

void RandomRun::reopen() {
  store_.reset();
  store_ = value(index::RocksMetadataStore::open({.path = directory_ / "index",
                                                  .clock = clock_,
                                                  .lease = kLease,
                                                  .policy = rules(),
                                                  .durability = index::Durability::kRelaxed}));
}

/// Often of the same bytes with other edges, as when one pushes them as another type.
index::PutManifest RandomRun::any_put() {
  const int number = below(kManifests);
  index::Manifest made = manifest(manifest_content(number));
  made.descriptor.digest = manifest_digest(number);
  made.descriptor.media_type += chance(20) ? "+other" : "";
  made.artifact_type = chance(50) ? "type/" + std::to_string(below(2)) : "";
  for (int left = below(5); left > 0; --left) {
    const auto kind = static_cast<EdgeKind>(1 + below(3));
    const int target = below(kBlobs);
    const std::uint64_t size = blob_content(target).size() + (chance(3) ? 1 : 0);
    made.edges.push_back({kind, {blob(target), "layer", size}, chance(80)});
  }
  for (int left = below(3); left > 0; --left) {
    const int child = other_than(number);
    const std::uint64_t size = manifest_content(child).size() + (chance(3) ? 1 : 0);
    made.edges.push_back(
        {EdgeKind::kManifest, {manifest_digest(child), "child", size}, chance(60)});
  }
  if (chance(40)) {
    made.edges.push_back(
        {EdgeKind::kSubject, {manifest_digest(other_than(number)), "subject", 9}, false});
    made.annotations = {{"number", std::to_string(below(100))}};
  }
  index::PutManifest request{any_repository(), std::move(made), {}, "actor"};
  for (int left = below(3); left > 0; --left) {
    request.tags.push_back(any_tag());
  }
  request.allow_missing = chance(50);
  return request;
}

UploadId RandomRun::any_upload() {
  if (uploads_.size() < 5 || chance(10)) {
    uploads_.push_back(UploadId::random());
  }
  return uploads_.at(static_cast<std::size_t>(below(static_cast<int>(uploads_.size()))));
}

void RandomRun::step() {
  const auto repository = any_repository();
  const int dice = below(100);
  if (dice < 25) {
    const int number = below(kBlobs);
    index::LinkBlob request{repository, blob(number), blob_content(number).size(), {}};
    if (chance(30)) {
      request.upload = any_upload();
    }
    if (chance(30)) {
      request.bytes = blob_content(number);
    } else if (chance(3)) {
      ++request.size;
    }
    both("link_blob", [&](MetadataStore& store) { return store.link_blob(request); });
  } else if (dice < 35) {
    const auto to = any_repository();
    const Digest digest = blob(below(kBlobs));
    both("mount_blob",
         [&](MetadataStore& store) { return store.mount_blob(repository, to, digest); });
  } else if (dice < 65) {
    const auto request = any_put();
    both("put_manifest", [&](MetadataStore& store) { return store.put_manifest(request); });
  } else if (dice < 72) {
    const auto name = any_tag();
    both("delete_tag",
         [&](MetadataStore& store) { return store.delete_tag(repository, name, "x"); });
  } else if (dice < 80) {
    const Digest digest = manifest_digest(below(kManifests));
    index::By by("x");
    by.for_good = chance(20);
    if (chance(20)) by.operation = 1;
    both("delete_manifest",
         [&](MetadataStore& store) { return store.delete_manifest(repository, digest, by); });
  } else if (dice < 84) {
    index::RestoreManifest request{repository, manifest_digest(below(kManifests)), {}, "back"};
    for (int left = below(3); left > 0; --left)
      request.tags.push_back(any_tag());
    both("restore_manifest", [&](MetadataStore& store) { return store.restore_manifest(request); });
  } else if (dice < 90) {
    collect_one();
  } else if (dice < 93) {
    const Digest digest = blob(below(kBlobs));
    both("delete_blob",
         [&](MetadataStore& store) { return store.delete_blob(repository, digest); });
  } else if (dice < 96) {
    const index::UploadRow row{any_upload(), repository, clock_.now()};
    both("open_upload", [&](MetadataStore& store) { return store.open_upload(row); });
  } else if (dice < 97) {
    const auto id = any_upload();
    both("close_upload", [&](MetadataStore& store) { return store.close_upload(id); });
  } else {
    clock_.advance(std::chrono::seconds(below(300)));
  }
}

/// Also what is not due, and what is due no more: the stores have to see for themselves.
void RandomRun::collect_one() {
  static std::optional<index::Doomed> remembered;
  const auto doomed = all_doomed(model_);
  if (doomed.empty()) return;
  if (!remembered || chance(80)) {
    remembered = doomed.at(static_cast<std::size_t>(below(static_cast<int>(doomed.size()))));
  }
  const index::Doomed row = *remembered;
  both("collect", [&](MetadataStore& store) { return store.collect(row); });
  if (row.kind == index::Doomed::Kind::kFile && chance(70)) {
    both("file_removed", [&](MetadataStore& store) { return store.file_removed(row); });
  }
}

template <class T>
std::vector<std::string> names_of(const index::Page<T>& page) {
  std::vector<std::string> names{page.more ? "more" : "all"};
  for (const T& item : page.items) {
    names.push_back(item.str());
  }
  return names;
}

Result<std::string> doomed(const MetadataStore& store, Time now, std::size_t limit,
                           const index::DoomedQuery& query) {
  SHALE_TRY_ASSIGN(const auto rows, store.list_doomed(now, limit, query));
  std::string text;
  for (const index::Doomed& row : rows) {
    text += "\n" + std::to_string(row.due.time_since_epoch().count()) + " " +
            std::to_string(static_cast<int>(row.kind)) + " " + row.repository + " " +
            row.digest.str().substr(0, 14);
  }
  return text;
}

void RandomRun::compare_repository(const index::RepositoryName& repository) {
  both("exists", [&](MetadataStore& store) { return store.repository_exists(repository); });
  both("usage", [&](MetadataStore& store) { return store.usage(repository); });
  const std::string after = "t" + std::to_string(below(kTags));
  for (const std::size_t limit : {std::size_t{2}, std::size_t{100}}) {
    both("list_tags", [&](MetadataStore& store) -> Result<std::vector<std::string>> {
      SHALE_TRY_ASSIGN(const auto page,
                       store.list_tags(repository, limit == 2 ? after : "", limit));
      return names_of(page);
    });
  }
  for (int number = 0; number < kTags; ++number) {
    const auto name = tag("t" + std::to_string(number));
    both("find", [&](MetadataStore& store) { return store.find_manifest(repository, name); });
    both("history", [&](MetadataStore& store) { return store.tag_history(repository, name, 50); });
  }
  std::optional<Digest> last;
  if (chance(30)) last = manifest_digest(below(kManifests));
  using Deleted = std::pair<bool, std::vector<index::DeletedManifest>>;
  both("deleted", [&](MetadataStore& store) -> Result<Deleted> {
    SHALE_TRY_ASSIGN(auto page, store.list_deleted(repository, last, last ? 2 : 100));
    return Deleted(page.more, std::move(page.items));
  });
  for (int number = 0; number < kManifests; ++number) {
    const Digest digest = manifest_digest(number);
    both("deleted", [&](MetadataStore& store) { return store.find_deleted(repository, digest); });
    both("elsewhere",
         [&](MetadataStore& store) { return store.is_held_elsewhere(repository, digest); });
    both("read", [&](MetadataStore& store) -> Result<std::string> {
      SHALE_TRY_ASSIGN(auto stored, store.read_manifest(repository, digest));
      return stored.descriptor.media_type + "\n" + stored.bytes;
    });
    index::ReferrersQuery query;
    query.max_items = chance(50) ? 1 : 100;
    if (chance(50)) {
      query.artifact_types = {"type/1"};
    }
    if (chance(30)) {
      query.after = manifest_digest(below(kManifests));
    }
    using Rows = std::pair<bool, std::vector<index::Referrer>>;
    both("referrers", [&](MetadataStore& store) -> Result<Rows> {
      SHALE_TRY_ASSIGN(auto page, store.list_referrers(repository, digest, query));
      return Rows(page.more, std::move(page.items));
    });
  }
  for (int number = 0; number < kBlobs; ++number) {
    const Digest digest = blob(number);
    both("elsewhere",
         [&](MetadataStore& store) { return store.is_held_elsewhere(repository, digest); });
    both("kept",
         [&](MetadataStore& store) { return store.is_kept_by_history(repository, digest); });
    both("blob", [&](MetadataStore& store) -> Result<std::uint64_t> {
      SHALE_TRY_ASSIGN(const auto found, store.find_blob(repository, digest));
      return found.size * 2 + (found.doomed ? 1 : 0);
    });
  }
}

void RandomRun::compare_all() {
  const auto check = value(store_->check());
  CAPTURE(check.size());
  INFO("first finding: ", check.empty() ? "none" : check.front());
  REQUIRE(check.empty());
  REQUIRE(store_->sequence() == model_.sequence());
  both("store usage", [](MetadataStore& store) { return store.store_usage(); });
  for (const auto* name : {"", "a", "a/b", "a/", "a-b", "library", "library/ubuntu", "never"}) {
    both(name, [&](MetadataStore& store) { return store.usage_below(name); });
  }
  both("uploads", [](MetadataStore& store) { return store.list_uploads(); });
  both("repositories", [](MetadataStore& store) -> Result<std::vector<std::string>> {
    SHALE_TRY_ASSIGN(const auto page, store.list_repositories("", 100));
    return names_of(page);
  });
  for (const Time now : {clock_.now(), Time::max()}) {
    both("doomed", [&](MetadataStore& store) { return doomed(store, now, 1000, {}); });
  }
  both("doomed, early",
       [&](MetadataStore& store) { return doomed(store, clock_.now(), 1000, {.early = kLease}); });
  const auto all = all_doomed(model_);
  if (!all.empty()) {
    const auto& after = all.at(std::size_t(below(int(all.size()))));
    both("doomed, behind",
         [&](MetadataStore& store) { return doomed(store, Time::max(), 3, {.after = after}); });
  }
  both("doomed, some", [&](MetadataStore& store) { return doomed(store, Time::max(), 3, {}); });
  for (int number = 0; number < kBlobs; ++number) {
    both("holders", [&](MetadataStore& store) -> Result<std::vector<std::string>> {
      SHALE_TRY_ASSIGN(const auto page, store.list_repositories_of_blob(blob(number), "a", 2));
      return names_of(page);
    });
  }
  for (const auto* name : {"a", "a/b", "a-b", "library/ubuntu", "never"}) {
    compare_repository(repo(name));
  }
}

TEST_CASE("RocksMetadataStore: answers as the model does, whatever is done") {
  const std::uint64_t rounds = from_environment("SHALE_TEST_ROUNDS", 6000);
  const std::uint64_t seed = from_environment("SHALE_TEST_SEED", std::random_device()());
  MESSAGE("seed ", seed);
  CAPTURE(seed);
  RandomRun run(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    run.step();
    if (round % 97 == 0) {
      run.compare_all();
    }
    if (round % 541 == 0) {
      run.reopen();
      run.compare_all();
    }
  }
  run.compare_all();
}

}  // namespace
}  // namespace shale::testing
