#include "server/registry/restoring.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/registry/tag_past.h"
#include "tests/server/index/stores.h"
#include "tests/support/forwarding_metadata_store.h"

namespace shale::testing {
namespace {

using index::EdgeKind;
using registry::TagPast;
using registry::WithTags;

index::StorePolicy with_history() {
  return {.history = [](const auto&) { return std::chrono::hours(1); }};
}

/// An index "outer" tagged "v1" that lists "inner" and "image"; "inner" lists "image" too.
template <class Backend>
void push_nested(Backend& backend) {
  auto& store = backend.store;
  REQUIRE(store.put_manifest(put("a", manifest("image"))));
  REQUIRE(store.put_manifest(put("a", with(manifest("inner"), EdgeKind::kManifest, "image"))));
  auto outer = with(manifest("outer"), EdgeKind::kManifest, "image");
  REQUIRE(store.put_manifest(put("a", with(outer, EdgeKind::kManifest, "inner"), {"v1"})));
}

void remove_all(index::MetadataStore& store, const std::vector<std::string>& contents) {
  for (const std::string& content : contents)
    REQUIRE(store.delete_manifest(repo("a"), digest_of(content), "x"));
}

bool is_there(const index::MetadataStore& store, const std::string& content) {
  return store.find_manifest(repo("a"), digest_of(content)).has_value();
}

TEST_CASE_TEMPLATE("restore_manifest: an index comes back with all that it lists", Backend,
                   InMemory, InRocks) {
  Backend backend{with_history()};
  push_nested(backend);
  remove_all(backend.store, {"outer", "inner", "image"});

  REQUIRE(registry::restore_manifest(backend.store, repo("a"), digest_of("outer"), WithTags::kYes,
                                     "y"));

  for (const char* content : {"outer", "inner", "image"})
    CHECK(is_there(backend.store, content));
  CHECK(value(backend.store.find_manifest(repo("a"), tag("v1"))).digest == digest_of("outer"));
  CHECK(value(backend.store.check()).empty());
}

TEST_CASE_TEMPLATE("restore_manifest: what is there stays, and what is gone for good is left out",
                   Backend, InMemory, InRocks) {
  Backend backend{with_history()};
  push_nested(backend);
  remove_all(backend.store, {"outer"});
  index::By for_good("x");
  for_good.for_good = true;
  REQUIRE(backend.store.delete_manifest(repo("a"), digest_of("inner"), for_good));

  REQUIRE(registry::restore_manifest(backend.store, repo("a"), digest_of("outer"), WithTags::kYes,
                                     "y"));

  CHECK(is_there(backend.store, "outer"));
  CHECK(is_there(backend.store, "image"));
  CHECK_FALSE(is_there(backend.store, "inner"));
  CHECK(error_code(registry::restore_manifest(backend.store, repo("a"), digest_of("inner"),
                                              WithTags::kYes, "y")) == Errc::kManifestUnknown);
}

/// Wants every manifest back after all that it lists.
class InOrder final : public ForwardingMetadataStore {
 public:
  explicit InOrder(index::MetadataStore& real) : ForwardingMetadataStore(real), real_(real) {}

  Result<index::Sequence> restore_manifest(const index::RestoreManifest& request) override {
    for (const index::Edge& edge : value(real_.list_edges(request.repository, request.digest))) {
      CHECK_FALSE(value(real_.find_deleted(request.repository, edge.target.digest)));
    }
    return real_.restore_manifest(request);
  }

 private:
  index::MetadataStore& real_;
};

TEST_CASE_TEMPLATE("restore_manifest, restore_last: an index comes after what it lists", Backend,
                   InMemory, InRocks) {
  Backend backend{with_history()};
  InOrder store(backend.store);
  // Many times over, for the order of digests has no say in it.
  for (int round = 0; round < 8; ++round) {
    const std::string number = std::to_string(round);
    const std::vector<std::string> names{"image" + number, "inner" + number, "outer" + number};
    REQUIRE(store.put_manifest(put("a", manifest(names[0]))));
    REQUIRE(store.put_manifest(put("a", with(manifest(names[1]), EdgeKind::kManifest, names[0]))));
    auto outer = with(manifest(names[2]), EdgeKind::kManifest, names[0]);
    REQUIRE(store.put_manifest(put("a", with(outer, EdgeKind::kManifest, names[1]))));
    index::By by("x");
    for (const std::string& name : names) {
      const auto number_of = value(store.delete_manifest(repo("a"), digest_of(name), by));
      if (!by.operation) by.operation = number_of;
    }
    if (round % 2 == 0) {
      REQUIRE(
          registry::restore_manifest(store, repo("a"), digest_of(names[2]), WithTags::kYes, "y"));
    } else {
      REQUIRE(registry::restore_last(store, repo("a"), "y"));
    }
    CHECK(value(store.list_deleted(repo("a"), {}, 10)).items.empty());
  }
}

TEST_CASE_TEMPLATE("TagPast: a tag comes back together with its deleted manifest", Backend,
                   InMemory, InRocks) {
  Backend backend{with_history()};
  auto& store = backend.store;
  push_nested(backend);
  const auto pushed = backend.clock.now();
  backend.clock.advance(std::chrono::minutes(1));
  remove_all(store, {"outer", "image"});
  TagPast past(store);
  const auto repository = repo("a");
  const auto name = tag("v1");
  const registry::TagName named{repository, name};

  SUBCASE("when it is restored") {
    CHECK(value(past.restore(named, {"y"})).to == digest_of("outer"));
  }
  SUBCASE("when it is put back to a digest") {
    CHECK(value(past.roll_back_to(named, digest_of("outer"), {"y"})).to == digest_of("outer"));
  }
  SUBCASE("when it is put back to a time") {
    REQUIRE(store.put_manifest(put("a", manifest("other"), {"v1"})));
    CHECK(error_code(past.manifest_at(named, pushed)) == Errc::kManifestUnknown);
    CHECK(value(past.roll_back_to(named, pushed, {"y"})).to == digest_of("outer"));
  }
  SUBCASE("when it is rolled back") {
    REQUIRE(store.put_manifest(put("a", manifest("other"), {"v1"})));
    CHECK(value(past.roll_back(named, {"y"})).to == digest_of("outer"));
  }
  CHECK(value(store.find_manifest(repository, name)).digest == digest_of("outer"));
  CHECK(is_there(store, "image"));
  CHECK(value(store.check()).empty());
}

TEST_CASE_TEMPLATE("TagPast: after the history there is no way back", Backend, InMemory, InRocks) {
  Backend backend{with_history()};
  push_nested(backend);
  remove_all(backend.store, {"outer"});
  backend.clock.advance(std::chrono::hours(1));
  for (const auto& row : value(backend.store.list_doomed(backend.clock.now(), 10, {})))
    REQUIRE(backend.store.collect(row));
  TagPast past(backend.store);
  const auto repository = repo("a");
  const auto name = tag("v1");
  CHECK(error_code(past.restore({repository, name}, {"y"})) == Errc::kManifestUnknown);
}

}  // namespace
}  // namespace shale::testing
