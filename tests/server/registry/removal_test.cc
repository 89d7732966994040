#include "server/registry/removal.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/registry/restoring.h"
#include "tests/server/index/stores.h"
#include "tests/support/from_environment.h"

namespace shale::testing {
namespace {

using index::EdgeKind;
using registry::Removal;
using registry::RemovalGoal;

constexpr std::chrono::milliseconds kWindow = std::chrono::hours(1);

index::StorePolicy with_history() {
  return {.history = [](const auto&) { return kWindow; }};
}

bool everything(const index::RepositoryName& /*repository*/) {
  return true;
}

RemovalGoal by_tag(const std::string& name) {
  return {repo("a"), index::Reference(tag(name))};
}
RemovalGoal by_digest(const std::string& content) {
  return {repo("a"), index::Reference(digest_of(content))};
}
RemovalGoal all_of(const std::string& name) {
  return {repo(name), std::nullopt};
}

Removal planned(const index::MetadataStore& store, const RemovalGoal& goal) {
  return value(registry::plan_removal(store, goal, everything));
}

Removal removed(index::MetadataStore& store, const RemovalGoal& goal, bool for_good = false) {
  Removal removal = planned(store, goal);
  index::By by("remover");
  by.for_good = for_good;
  REQUIRE(registry::carry_out(store, goal, removal, by));
  CHECK(value(store.check()).empty());
  return removal;
}

/// The contents whose digests are there, in the order of `contents`.
template <class Items>
std::string among(const Items& items, const std::vector<std::string>& contents) {
  std::string found;
  for (const std::string& content : contents) {
    const auto is = [&](const auto& item) { return item.digest == digest_of(content); };
    if (std::ranges::any_of(items, is)) found += content + ' ';
  }
  return found;
}

std::string by(const Removal& removal, const std::string& content) {
  std::string text;
  for (const registry::KeptContent& kept : removal.kept) {
    if (kept.digest != digest_of(content)) continue;
    for (const std::string& name : kept.by)
      text += (text.empty() ? "" : "; ") + name;
  }
  return text;
}

bool is_there(const index::MetadataStore& store, const std::string& content) {
  return store.find_manifest(repo("a"), digest_of(content)).has_value();
}

/// "one" (v1) and "two" (v2) of two layers each, of which they share "base".
void push_two(index::MetadataStore& store) {
  for (const char* layer : {"base", "top one", "top two"})
    REQUIRE(store.link_blob(link("a", layer)));
  const auto image = [](const std::string& name) {
    auto made = with(manifest(name), EdgeKind::kLayer, "base");
    return with(made, EdgeKind::kLayer, "top " + name);
  };
  REQUIRE(store.put_manifest(put("a", image("one"), {"v1"})));
  REQUIRE(store.put_manifest(put("a", image("two"), {"v2"})));
}

TEST_CASE_TEMPLATE("plan_removal: an image goes with what only it has, and says who keeps the rest",
                   Backend, InMemory, InRocks) {
  Backend backend;
  push_two(backend.store);
  const Removal removal = planned(backend.store, by_tag("v1"));
  CHECK(removal.tags == std::vector{tag("v1")});
  CHECK(among(removal.manifests, {"one", "two"}) == "one ");
  CHECK(among(removal.blobs, {"base", "top one", "top two"}) == "top one ");
  CHECK(by(removal, "base") == "the manifest " + digest_of("two").str() + " (v2)");
  CHECK(removal.bytes == std::string("onetop one").size());
  CHECK(is_there(backend.store, "one"));
}

TEST_CASE_TEMPLATE("plan_removal: bytes that another repository has come not free", Backend,
                   InMemory, InRocks) {
  Backend backend;
  push_two(backend.store);
  REQUIRE(backend.store.mount_blob(repo("a"), repo("b"), digest_of("top one")));
  const Removal removal = planned(backend.store, by_tag("v1"));
  CHECK(among(removal.blobs, {"base", "top one"}) == "top one ");
  CHECK(by(removal, "top one") == "the repository b");
  CHECK(removal.bytes == 3);

  const auto blind = [](const index::RepositoryName&) { return false; };
  const auto told = value(registry::plan_removal(backend.store, by_tag("v1"), blind));
  CHECK(by(told, "top one") == "another repository");
}

TEST_CASE_TEMPLATE("plan_removal: a manifest with another tag loses the one alone", Backend,
                   InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  REQUIRE(store.put_manifest(put("a", manifest("m"), {"v1", "v2"})));
  const Removal removal = removed(store, by_tag("v1"));
  CHECK(removal.manifests.empty());
  CHECK(removal.bytes == 0);
  CHECK(by(removal, "m") == "the tag v2");
  CHECK(error_code(store.find_manifest(repo("a"), tag("v1"))) == Errc::kManifestUnknown);
  CHECK(is_there(store, "m"));
  CHECK(removed(store, by_digest("m")).manifests.size() == 1);
}

/// An index "index" (v1) of "arm" and "amd", the latter also tagged; "sbom" refers to the index;
/// "signature" has a tag made of its digest.
void push_index(index::MetadataStore& store) {
  REQUIRE(store.put_manifest(put("a", manifest("arm"))));
  REQUIRE(store.put_manifest(put("a", manifest("amd"), {"amd"})));
  auto list = with(manifest("index"), EdgeKind::kManifest, "arm");
  REQUIRE(store.put_manifest(put("a", with(list, EdgeKind::kManifest, "amd"), {"v1"})));
  REQUIRE(store.put_manifest(put("a", with(manifest("sbom"), EdgeKind::kSubject, "index"))));
  std::string name = digest_of("index").str();
  name[name.find(':')] = '-';
  REQUIRE(store.put_manifest(put("a", manifest("signature"), {name + ".sig"})));
}

TEST_CASE_TEMPLATE("plan_removal: an index goes with its platforms, signatures and referrers",
                   Backend, InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  push_index(store);
  const std::vector<std::string> all{"index", "arm", "amd", "sbom", "signature"};
  const Removal removal = removed(store, by_tag("v1"));
  CHECK(among(removal.manifests, all) == "index arm sbom signature ");
  CHECK(removal.manifests.front().digest == digest_of("index"));
  CHECK(by(removal, "amd") == "the tag amd");
  CHECK(is_there(store, "amd"));
  CHECK_FALSE(is_there(store, "signature"));
}

TEST_CASE_TEMPLATE("plan_removal: what an index lists stays with its tag gone, unless it is meant",
                   Backend, InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  push_index(store);
  const Removal tag_alone = removed(store, by_tag("amd"));
  CHECK(tag_alone.manifests.empty());
  CHECK(by(tag_alone, "amd") == "the index " + digest_of("index").str());
  CHECK(is_there(store, "amd"));
  removed(store, by_digest("amd"));
  CHECK_FALSE(is_there(store, "amd"));
}

TEST_CASE_TEMPLATE("plan_removal: a platform that another index lists stays", Backend, InMemory,
                   InRocks) {
  Backend backend;
  auto& store = backend.store;
  push_index(store);
  REQUIRE(store.put_manifest(put("a", with(manifest("other"), EdgeKind::kManifest, "arm"), {"o"})));
  const Removal removal = planned(store, by_tag("v1"));
  CHECK(by(removal, "arm") == "the index " + digest_of("other").str());
}

TEST_CASE_TEMPLATE("carry_out: a tag that came meanwhile saves its manifest, and all of it",
                   Backend, InMemory, InRocks) {
  Backend backend;
  auto& store = backend.store;
  push_index(store);
  Removal removal = planned(store, by_tag("v1"));
  SUBCASE("on the root") {
    REQUIRE(store.move_tag({repo("a"), tag("new"), digest_of("index"), "x"}));
    CHECK(error_code(registry::carry_out(store, by_tag("v1"), removal, "y")) ==
          Errc::kConditionFailed);
    CHECK(is_there(store, "index"));
  }
  SUBCASE("on what goes with it") {
    REQUIRE(store.move_tag({repo("a"), tag("new"), digest_of("arm"), "x"}));
    REQUIRE(registry::carry_out(store, by_tag("v1"), removal, "y"));
    CHECK_FALSE(by(removal, "arm").empty());
    CHECK_FALSE(is_there(store, "index"));
  }
  CHECK(is_there(store, "arm"));
}

TEST_CASE_TEMPLATE("carry_out: a repository goes whole, at once, and comes back whole", Backend,
                   InMemory, InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push_two(store);
  push_index(store);
  REQUIRE(store.link_blob(link("a", "nobody's")));
  const auto usage = value(store.usage(repo("a")));

  const Removal removal = removed(store, all_of("a"));
  CHECK(removal.manifests.size() == 7);
  CHECK(among(removal.blobs, {"base", "nobody's"}) == "base nobody's ");
  CHECK_FALSE(value(store.repository_exists(repo("a"))));
  CHECK(error_code(registry::plan_removal(store, all_of("a"), everything)) == Errc::kNameUnknown);

  const auto restored = value(registry::restore_last(store, repo("a"), "y"));
  CHECK(restored.size() == 7);
  CHECK(value(store.find_manifest(repo("a"), tag("v1"))).digest == digest_of("index"));
  const auto back = value(store.usage(repo("a")));
  CHECK(back.manifests == usage.manifests);
  CHECK(back.tags == usage.tags);
  CHECK(back.logical + std::int64_t(std::string("nobody's").size()) == usage.logical);
  CHECK(back.pinned == 0);
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE(
    "restore_manifest: brings back what went with it, and leaves tags that are taken", Backend,
    InMemory, InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push_index(store);
  REQUIRE(store.put_manifest(put("a", with(manifest("old sbom"), EdgeKind::kSubject, "index"))));
  removed(store, by_digest("old sbom"));
  removed(store, by_tag("v1"));
  REQUIRE(store.put_manifest(put("a", manifest("new"), {"v1"})));

  const auto restored = value(registry::restore_manifest(store, repo("a"), digest_of("index"),
                                                         registry::WithTags::kYes, "y"));
  const std::vector<std::string> all{"index", "arm", "sbom", "old sbom"};
  CHECK(among(restored, all) == "index arm sbom ");
  CHECK(restored.back().digest == digest_of("index"));
  CHECK(restored.back().taken == std::vector{tag("v1")});
  CHECK(value(store.find_manifest(repo("a"), tag("v1"))).digest == digest_of("new"));
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("drop_history: what was deleted goes for good, one or all", Backend, InMemory,
                   InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push_two(store);
  removed(store, by_tag("v1"));
  removed(store, by_tag("v2"));
  CHECK(value(registry::drop_history(store, repo("a"), digest_of("one"))) == 1);
  CHECK(error_code(registry::drop_history(store, repo("a"), digest_of("one"))) ==
        Errc::kManifestUnknown);
  CHECK_FALSE(value(store.find_deleted(repo("a"), digest_of("one"))));
  CHECK(value(store.find_deleted(repo("a"), digest_of("two"))));
  CHECK(value(registry::drop_history(store, repo("a"), std::nullopt)) == 1);
  CHECK(value(registry::drop_history(store, repo("a"), std::nullopt)) == 0);
  CHECK(error_code(registry::restore_last(store, repo("a"), "y")) == Errc::kNameUnknown);
  CHECK(value(store.check()).empty());
}

/// What is freed is what was foretold, whatever names what.
template <class Backend>
class Foretold {
 public:
  explicit Foretold(std::uint64_t seed) : random_(seed) {}

  void push_something() {
    for (int number = 0; number < 12; ++number) {
      const std::string where = chance(70) ? "a" : "b";
      auto made = manifest("manifest " + std::to_string(number));
      for (int layers = below(3); layers > 0; --layers) {
        const std::string layer = "layer" + std::string(unsigned(below(6)), '.');
        REQUIRE(backend_.store.link_blob(chance(50) ? small(where, layer) : link(where, layer)));
        made = with(made, EdgeKind::kLayer, layer);
      }
      if (number > 0 && chance(50)) {
        const auto kind = chance(50) ? EdgeKind::kManifest : EdgeKind::kSubject;
        made = with(made, kind, "manifest " + std::to_string(below(number)));
      }
      auto request = put(where, made);
      request.allow_missing = true;
      if (chance(60)) request.tags = {tag("t" + std::to_string(below(6)))};
      REQUIRE(backend_.store.put_manifest(request));
    }
  }

  void remove_something() {
    collect();
    const auto manifests = value(backend_.store.list_manifests(repo("a"), {}, 100)).items;
    const auto tags = value(backend_.store.list_tags(repo("a"), "", 100)).items;
    RemovalGoal goal = all_of("a");
    if (!tags.empty() && chance(60)) {
      goal.reference = tags.at(std::size_t(below(int(tags.size()))));
    } else if (!manifests.empty() && chance(60)) {
      goal.reference = manifests.at(std::size_t(below(int(manifests.size())))).descriptor.digest;
    }
    const auto before = value(backend_.store.store_usage()).bytes;
    const Removal removal = removed(backend_.store, goal, /*for_good=*/true);
    collect();
    const auto after = value(backend_.store.store_usage()).bytes;
    REQUIRE(before - after == std::int64_t(removal.bytes));
  }

  bool is_over() { return !value(backend_.store.repository_exists(repo("a"))); }

 private:
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool chance(int percent) { return below(100) < percent; }

  void collect() {
    backend_.clock.advance(kLease);
    auto due = value(backend_.store.list_doomed(backend_.clock.now(), 100, {}));
    for (; !due.empty(); due = value(backend_.store.list_doomed(backend_.clock.now(), 100, {}))) {
      for (const auto& row : due) {
        if (value(backend_.store.collect(row)).outcome == index::Collected::Outcome::kRemoveFile)
          REQUIRE(backend_.store.file_removed(row));
      }
    }
  }

  std::mt19937_64 random_;
  Backend backend_;
};

TEST_CASE_TEMPLATE("plan_removal: the bytes that come free are those that it foretold", Backend,
                   InMemory, InRocks) {
  const std::uint64_t rounds = from_environment("SHALE_TEST_ROUNDS", 40);
  const std::uint64_t first = from_environment("SHALE_TEST_SEED", std::random_device()());
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    CAPTURE(seed);
    Foretold<Backend> run(seed);
    run.push_something();
    while (!run.is_over())
      run.remove_something();
  }
}

}  // namespace
}  // namespace shale::testing
