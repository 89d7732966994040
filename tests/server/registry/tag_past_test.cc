#include "server/registry/tag_past.h"

#include <functional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "server/index/memory_metadata_store.h"
#include "tests/support/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/forwarding_metadata_store.h"
#include "tests/support/result.h"

/// What no client can bring about at will. The rest is in tests/server/api.
namespace shale::testing {
namespace {

using registry::TagPast;

/// Lets somebody in after each look at a history.
class Interrupted final : public ForwardingMetadataStore {
 public:
  using ForwardingMetadataStore::ForwardingMetadataStore;

  Result<std::vector<index::TagMove>> tag_history(const index::RepositoryName& repository,
                                                  const index::Tag& tag,
                                                  std::size_t limit) const override {
    auto moves = ForwardingMetadataStore::tag_history(repository, tag, limit);
    if (after_look) std::exchange(after_look, nullptr)();
    return moves;
  }

  mutable std::function<void()> after_look;
};

struct Tagged {
  void push(const std::string& content) {
    index::Manifest manifest{
        {digest_of(content), "application/json", content.size()}, content, "", {}, {}};
    const index::PutManifest request{repository, std::move(manifest), {tag}, "pusher"};
    REQUIRE(real.put_manifest(request));
  }
  Digest named() { return value(real.find_manifest(repository, tag)).digest; }

  FakeClock clock;
  index::MemoryMetadataStore real{clock};
  Interrupted store{real};
  TagPast past{store};
  const index::RepositoryName repository = value(index::RepositoryName::parse("app"));
  const index::Tag tag = value(index::Tag::parse("latest"));
  const registry::TagName name{repository, tag};
  const registry::TagMover by{"mover"};
};

TEST_CASE("TagPast: a rollback that somebody outruns moves nothing") {
  Tagged t;
  t.push("one");
  t.push("two");
  t.store.after_look = [&] { t.push("three"); };
  CHECK(error_code(t.past.roll_back(t.name, t.by)) == Errc::kConditionFailed);
  CHECK(t.named() == digest_of("three"));
  CHECK(value(t.past.roll_back(t.name, t.by)).to == digest_of("two"));
}

TEST_CASE("TagPast: a restore that somebody outruns moves nothing") {
  Tagged t;
  t.push("one");
  REQUIRE(t.real.delete_tag(t.repository, t.tag, "x"));
  t.store.after_look = [&] { t.push("two"); };
  CHECK(error_code(t.past.restore(t.name, t.by)) == Errc::kConditionFailed);
  CHECK(t.named() == digest_of("two"));
}

TEST_CASE("TagPast: the manifest before is found behind any number of other moves") {
  Tagged t;
  t.push("one");
  for (int i = 0; i < 300; ++i) {
    t.push("two");
    REQUIRE(t.real.delete_tag(t.repository, t.tag, "x"));
  }
  CHECK(value(t.past.restore(t.name, t.by)).to == digest_of("two"));
  CHECK(value(t.past.roll_back(t.name, t.by)).to == digest_of("one"));
  CHECK(value(t.past.history(t.name, 1000)).front().actor == "mover");
}

}  // namespace
}  // namespace shale::testing
