#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

/// Tags that a rule holds where they are: in every MetadataStore, and within the commit.
namespace shale::testing {
namespace {

/// `v...` in repositories below `prod/` are immutable.
index::StorePolicy releases() {
  index::StorePolicy policy;
  policy.immutable = [](const index::RepositoryName& repository,
                        const index::Tag& name) -> std::optional<std::string> {
    if (repository.str().starts_with("prod/") && name.str().starts_with("v")) return "rule 7";
    return std::nullopt;
  };
  return policy;
}

/// Whether it was refused, and with the words that a client needs.
template <class Outcome>
void check_refused(const Outcome& outcome) {
  REQUIRE(error_code(outcome) == Errc::kTagImmutable);
  REQUIRE(outcome.error().details.size() == 1);
  const std::string& detail = outcome.error().details.front();
  CHECK(detail.find("v1") != detail.npos);
  CHECK(detail.find("prod/app") != detail.npos);
  CHECK(detail.find("rule 7") != detail.npos);
}

TEST_CASE_TEMPLATE("MetadataStore: an immutable tag is made, confirmed, and never moves", Backend,
                   InMemory, InRocks) {
  Backend backend{releases()};
  auto& store = backend.store;
  REQUIRE(store.put_manifest(put("prod/app", manifest("1"), {"v1"})));
  REQUIRE(store.put_manifest(put("prod/app", manifest("1"), {"v1", "v2"})));
  const auto sequence = store.sequence();

  check_refused(store.put_manifest(put("prod/app", manifest("2"), {"latest", "v1"})));
  CHECK(value(store.find_manifest(repo("prod/app"), tag("v1"))).digest == digest_of("1"));
  CHECK(error_code(store.find_manifest(repo("prod/app"), tag("latest"))) == Errc::kManifestUnknown);
  CHECK(error_code(store.find_manifest(repo("prod/app"), digest_of("2"))) ==
        Errc::kManifestUnknown);
  CHECK(store.sequence() == sequence);
}

TEST_CASE_TEMPLATE("MetadataStore: an immutable tag does not go, nor does what it names", Backend,
                   InMemory, InRocks) {
  Backend backend{releases()};
  auto& store = backend.store;
  REQUIRE(store.put_manifest(put("prod/app", manifest("1"), {"latest", "v1"})));

  check_refused(store.delete_tag(repo("prod/app"), tag("v1"), "x"));
  check_refused(store.delete_manifest(repo("prod/app"), digest_of("1"), "x"));
  CHECK(value(store.list_tags_of(repo("prod/app"), digest_of("1"))) ==
        std::vector{tag("latest"), tag("v1")});

  REQUIRE(store.delete_tag(repo("prod/app"), tag("latest"), "x"));
  CHECK(error_code(store.delete_tag(repo("prod/app"), tag("v9"), "x")) == Errc::kManifestUnknown);
}

TEST_CASE_TEMPLATE("MetadataStore: tags that no rule names move and go as ever", Backend, InMemory,
                   InRocks) {
  Backend backend{releases()};
  auto& store = backend.store;
  for (const auto& [repository, name] :
       {std::pair{"prod/app", "latest"}, std::pair{"test/app", "v1"}}) {
    REQUIRE(store.put_manifest(put(repository, manifest("1"), {name})));
    REQUIRE(store.put_manifest(put(repository, manifest("2"), {name})));
    REQUIRE(store.delete_tag(repo(repository), tag(name), "x"));
    REQUIRE(store.delete_manifest(repo(repository), digest_of("2"), "x"));
  }
}

}  // namespace
}  // namespace shale::testing
