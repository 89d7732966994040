#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// What every MetadataStore knows of where its tags were, and what it demands before one moves.
namespace shale::testing {
namespace {

using index::By;
using index::Condition;
using index::MoveTag;
using index::TagMoves;
using std::chrono::hours;

Condition absent() {
  return {Condition::Kind::kAbsent};
}
Condition present() {
  return {Condition::Kind::kPresent};
}
Condition is(const std::vector<std::string_view>& contents) {
  Condition condition{Condition::Kind::kIsOneOf};
  for (const std::string_view content : contents)
    condition.digests.push_back(digest_of(content));
  return condition;
}

MoveTag move(std::string_view name, std::string_view to, Condition condition = {}) {
  return {repo("a"), tag(name), digest_of(to), "mover", TagMoves::kAny, std::move(condition)};
}

index::PutManifest on(Condition condition, index::PutManifest request) {
  request.condition = std::move(condition);
  return request;
}

std::optional<Digest> named(const index::MetadataStore& store, std::string_view name) {
  const auto found = store.find_manifest(repo("a"), tag(name));
  return found ? std::optional(found->digest) : std::nullopt;
}

/// The one detail of a refusal, for its words.
template <class T>
std::string detail_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  REQUIRE(result.error().details.size() == 1);
  return result.error().details.front();
}

TEST_CASE_TEMPLATE("MetadataStore: what a tag named at a time is its newest move by then", Backend,
                   InMemory, InRocks) {
  Backend backend;
  const Time start = backend.clock.now();
  REQUIRE(backend.store.put_manifest(put("a", manifest("one"), {"v1"})));
  backend.clock.advance(hours(1));
  REQUIRE(backend.store.put_manifest(put("a", manifest("two"), {"v1"})));
  backend.clock.advance(hours(1));
  REQUIRE(backend.store.delete_tag(repo("a"), tag("v1"), "eve"));

  const auto at = [&](std::chrono::milliseconds later) {
    return value(backend.store.find_move(repo("a"), tag("v1"), start + later));
  };
  CHECK_FALSE(at(std::chrono::milliseconds(-1)));
  REQUIRE(at(hours(0)));
  CHECK(
      at(hours(0)) ==
      index::TagMove{.sequence = 1, .time = start, .actor = "tester", .digest = digest_of("one")});
  CHECK(at(hours(1) - std::chrono::milliseconds(1))->digest == digest_of("one"));
  CHECK(at(hours(1))->digest == digest_of("two"));
  REQUIRE(at(hours(9)));
  CHECK_FALSE(at(hours(9))->digest);
  CHECK(at(hours(9))->actor == "eve");
  CHECK_FALSE(value(backend.store.find_move(repo("a"), tag("v"), start + hours(9))));
  CHECK_FALSE(value(backend.store.find_move(repo("b"), tag("v1"), start + hours(9))));
}

TEST_CASE_TEMPLATE(
    "MetadataStore: after the clock was set back the newest move by then still counts", Backend,
    InMemory, InRocks) {
  Backend backend;
  const Time start = backend.clock.now();
  backend.clock.advance(hours(5));
  REQUIRE(backend.store.put_manifest(put("a", manifest("one"), {"v1"})));
  backend.clock.advance(hours(-4));
  REQUIRE(backend.store.put_manifest(put("a", manifest("two"), {"v1"})));
  const auto at = [&](hours later) {
    return value(backend.store.find_move(repo("a"), tag("v1"), start + later));
  };
  CHECK_FALSE(at(hours(0)));
  CHECK(at(hours(1))->digest == digest_of("two"));
  CHECK(at(hours(6))->digest == digest_of("two"));
}

TEST_CASE_TEMPLATE("MetadataStore: tags that ever moved are listed, deleted ones too", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("one"), {"v1", "v1.0", "v1-rc", "V", "x"})));
  REQUIRE(backend.store.put_manifest(put("a", manifest("two"), {"v1", "v1.0"})));
  REQUIRE(backend.store.put_manifest(put("a/b", manifest("two"), {"elsewhere"})));
  REQUIRE(backend.store.delete_tag(repo("a"), tag("v1"), "x"));
  REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("one"), "x"));

  const auto list = [&](std::string_view after, std::size_t limit) {
    return joined(value(backend.store.list_moved_tags(repo("a"), after, limit)));
  };
  CHECK(list("", 10) == "V v1 v1-rc v1.0 x");
  CHECK(list("", 2) == "V v1...");
  CHECK(list("v1", 2) == "v1-rc v1.0...");
  CHECK(list("v1.0", 1) == "x");
  CHECK(list("v1.", 9) == "v1.0 x");
  CHECK(list("x", 9).empty());
  CHECK(list("", 0).empty());
  CHECK(joined(value(backend.store.list_moved_tags(repo("b"), "", 9))).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: a tag can be moved to any manifest of its repository", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("one"), {"v1"})));
  REQUIRE(backend.store.put_manifest(put("a", manifest("two"), {"v1"})));
  REQUIRE(backend.store.put_manifest(put("b", manifest("three"))));

  CHECK(value(backend.store.move_tag(move("v1", "one"))) == 4);
  CHECK(named(backend.store, "v1") == digest_of("one"));
  CHECK(value(backend.store.move_tag(move("new", "two"))) == 5);
  CHECK(named(backend.store, "new") == digest_of("two"));
  CHECK(value(backend.store.usage(repo("a"))).tags == 2);
  CHECK(value(backend.store.tag_history(repo("a"), tag("v1"), 9)).front().actor == "mover");

  // It names it already: no move, yet a commit.
  CHECK(value(backend.store.move_tag(move("v1", "one"))) == 6);
  CHECK(value(backend.store.tag_history(repo("a"), tag("v1"), 9)).size() == 3);

  CHECK(error_code(backend.store.move_tag(move("v1", "three"))) == Errc::kManifestUnknown);
  MoveTag elsewhere = move("v1", "one");
  elsewhere.repository = repo("c");
  CHECK(error_code(backend.store.move_tag(elsewhere)) == Errc::kManifestUnknown);
  CHECK_FALSE(value(backend.store.repository_exists(repo("c"))));

  MoveTag new_only = move("v1", "two");
  new_only.tag_moves = TagMoves::kNewOnly;
  CHECK(error_code(backend.store.move_tag(new_only)) == Errc::kTagExists);
  new_only.tag = tag("fresh");
  CHECK(backend.store.move_tag(new_only));
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("MetadataStore: a move whose condition does not hold changes nothing", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("one"), {"v1"})));
  REQUIRE(backend.store.put_manifest(put("a", manifest("two"))));
  const auto refused = [&](const MoveTag& request) {
    const auto done = backend.store.move_tag(request);
    CHECK(error_code(done) == Errc::kConditionFailed);
    return detail_of(done);
  };
  CHECK(refused(move("v1", "two", absent())) ==
        "the tag v1 is " + digest_of("one").str() + " already");
  CHECK(refused(move("v1", "two", is({"two"}))) ==
        "the tag v1 is " + digest_of("one").str() + " now");
  CHECK(refused(move("v2", "two", present())) == "the tag v2 is not there");
  CHECK(refused(move("v2", "two", is({"one"}))) == "the tag v2 is not there");
  CHECK(refused(move("v1", "two", is({}))) == "the tag v1 is " + digest_of("one").str() + " now");
  CHECK(backend.store.sequence() == 2);
  CHECK(named(backend.store, "v1") == digest_of("one"));
  CHECK_FALSE(named(backend.store, "v2"));

  CHECK(backend.store.move_tag(move("v1", "two", is({"zero", "one"}))));
  CHECK(backend.store.move_tag(move("v1", "one", present())));
  CHECK(backend.store.move_tag(move("v2", "one", absent())));
}

TEST_CASE_TEMPLATE("MetadataStore: the condition of a push must hold for each of its tags", Backend,
                   InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("one"), {"v1"})));
  const auto two = [&](Condition condition, const std::vector<std::string>& tags) {
    return backend.store.put_manifest(on(std::move(condition), put("a", manifest("two"), tags)));
  };
  CHECK(detail_of(two(absent(), {"v2", "v1"})) ==
        "the tag v1 is " + digest_of("one").str() + " already");
  CHECK(detail_of(two(is({"one"}), {"v1", "v2"})) == "the tag v2 is not there");
  CHECK_FALSE(named(backend.store, "v2"));
  CHECK(error_code(backend.store.find_manifest(repo("a"), digest_of("two"))) ==
        Errc::kManifestUnknown);

  CHECK(two(absent(), {"v2", "v3"}));
  CHECK(two(is({"one", "two"}), {"v1", "v2"}));
  CHECK(named(backend.store, "v1") == digest_of("two"));
}

TEST_CASE_TEMPLATE("MetadataStore: the condition of a push without a tag is about its manifest",
                   Backend, InMemory, InRocks) {
  Backend backend;
  const auto push = [&](Condition condition) {
    return backend.store.put_manifest(on(std::move(condition), put("a", manifest("one"))));
  };
  CHECK(detail_of(push(present())) == "the manifest is not there");
  CHECK_FALSE(value(backend.store.repository_exists(repo("a"))));
  CHECK(push(absent()));
  CHECK(detail_of(push(absent())) == "the manifest is " + digest_of("one").str() + " already");
  CHECK(push(present()));
  CHECK(push(is({"one"})));
}

TEST_CASE_TEMPLATE("MetadataStore: a deletion whose condition does not hold deletes nothing",
                   Backend, InMemory, InRocks) {
  Backend backend;
  REQUIRE(backend.store.put_manifest(put("a", manifest("one"), {"v1"})));
  const auto untag = [&](std::string_view name, Condition condition) {
    return backend.store.delete_tag(repo("a"), tag(name), By("x", std::move(condition)));
  };
  const auto remove = [&](std::string_view content, Condition condition) {
    return backend.store.delete_manifest(repo("a"), digest_of(content),
                                         By("x", std::move(condition)));
  };
  CHECK(detail_of(untag("v1", is({"two"}))) == "the tag v1 is " + digest_of("one").str() + " now");
  CHECK(detail_of(untag("v1", absent())) == "the tag v1 is " + digest_of("one").str() + " already");
  CHECK(detail_of(untag("v2", present())) == "the tag v2 is not there");
  CHECK(error_code(untag("v2", absent())) == Errc::kManifestUnknown);
  CHECK(detail_of(remove("one", is({"two"}))) ==
        "the manifest is " + digest_of("one").str() + " now");
  CHECK(detail_of(remove("two", present())) == "the manifest is not there");
  CHECK(named(backend.store, "v1") == digest_of("one"));

  CHECK(untag("v1", is({"one"})));
  CHECK(remove("one", present()));
  CHECK(value(backend.store.check()).empty());
}

}  // namespace
}  // namespace shale::testing
