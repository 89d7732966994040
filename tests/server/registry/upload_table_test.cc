#include "server/registry/upload_table.h"

#include <chrono>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "blobstore/memory_blob_store.h"
#include "tests/support/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"

namespace shale::registry {
namespace {

using testing::error_code;
using testing::value;

/// A session that tells what becomes of it.
class TracedSession final : public UploadSession {
 public:
  struct Trace {
    int rests = 0;
    bool lost = false;  ///< it cannot rest
    bool destroyed = false;
  };
  explicit TracedSession(Trace& trace) : trace_(trace) {}
  ~TracedSession() override { trace_.destroyed = true; }

  std::uint64_t offset() const noexcept override { return 0; }
  Result<void> append(std::span<const std::byte>) override { return {}; }
  Result<void> commit(const Digest&) override { return {}; }
  Result<void> rest() override {
    ++trace_.rests;
    if (trace_.lost) return Error{Errc::kIo, "lost"};
    return {};
  }

 private:
  Trace& trace_;
};

std::unique_ptr<StagedUpload> traced(const UploadId& id, TracedSession::Trace& trace) {
  static MemoryBlobStore blobs;  // of no use to a session that has been begun
  return std::make_unique<StagedUpload>(blobs, id, std::make_unique<TracedSession>(trace));
}

TEST_CASE("UploadTable: one request has an upload at a time") {
  const testing::FakeClock clock;
  UploadTable table(clock);
  const UploadId id = UploadId::random();
  {
    const auto held = value(table.hold(id));
    CHECK(held.id() == id);
    CHECK(error_code(table.hold(id)) == Errc::kUploadBusy);
    CHECK_FALSE(table.hold_idle(id, Time::max()).has_value());
    CHECK(table.hold(UploadId::random()).has_value());
  }
  CHECK(table.hold(id).has_value());
}

TEST_CASE("UploadTable: a session rests between requests and comes back") {
  TracedSession::Trace trace;  // outlives the sessions in the table
  const testing::FakeClock clock;
  UploadTable table(clock);
  const UploadId id = UploadId::random();
  value(table.hold(id)).session() = traced(id, trace);
  CHECK(trace.rests == 1);
  CHECK(table.at_rest() == 1);

  auto held = value(table.hold(id));
  CHECK(held.session() != nullptr);
  CHECK(table.at_rest() == 0);
  held.session().reset();
  CHECK(trace.destroyed);
}

TEST_CASE("UploadTable: a session that cannot rest is not offered to the next request") {
  TracedSession::Trace trace{.lost = true};
  const testing::FakeClock clock;
  UploadTable table(clock);
  const UploadId id = UploadId::random();
  value(table.hold(id)).session() = traced(id, trace);
  CHECK(trace.destroyed);
  CHECK(table.at_rest() == 0);
  CHECK(value(table.hold(id)).session() == nullptr);
}

TEST_CASE("UploadTable: what was let go of without a session leaves nothing behind") {
  const testing::FakeClock clock;
  UploadTable table(clock);
  const UploadId id = UploadId::random();
  {
    const auto held = value(table.hold(id));
  }
  CHECK(table.at_rest() == 0);
  CHECK(value(table.hold(id)).session() == nullptr);
}

TEST_CASE("UploadTable: the session that waited longest goes when there are too many") {
  std::vector<TracedSession::Trace> traces(3);  // outlives the sessions in the table
  const testing::FakeClock clock;
  UploadTable table(clock, {.sessions = 2});
  std::vector<UploadId> ids;
  for (auto& trace : traces) {
    ids.push_back(UploadId::random());
    if (&trace == &traces.back()) {
      const auto touched_again = value(table.hold(ids.front()));
    }
    value(table.hold(ids.back())).session() = traced(ids.back(), trace);
  }
  CHECK(table.at_rest() == 2);
  CHECK_FALSE(traces[0].destroyed);
  CHECK(traces[1].destroyed);
  CHECK_FALSE(traces[2].destroyed);
  CHECK(value(table.hold(ids[1])).session() == nullptr);
}

TEST_CASE("UploadTable: small uploads take no more memory than they may") {
  constexpr std::size_t kSmall = 1'000;
  MemoryBlobStore blobs;
  const testing::FakeClock clock;
  UploadTable table(clock, {.sessions = 100, .bytes = 3 * kSmall});
  std::vector<UploadId> ids;
  for (int i = 0; i < 5; ++i) {
    const UploadId id = ids.emplace_back(UploadId::random());
    auto held = value(table.hold(id));
    held.session() = std::make_unique<StagedUpload>(blobs, id, Algorithm::kSha256, kSmall);
    REQUIRE(held.session()->append(testing::bytes(std::string(kSmall, 'x'))));
  }
  CHECK(table.at_rest() == 3);
  CHECK(value(table.hold(ids[1])).session() == nullptr);
  CHECK(value(blobs.resume_upload(ids[1], Algorithm::kSha256))->offset() == kSmall);
  {
    auto taken = value(table.hold(ids[2]));
    CHECK(taken.session() != nullptr);
  }
  CHECK(table.at_rest() == 3);
}

TEST_CASE("UploadTable: idle means let go of before that time") {
  TracedSession::Trace trace;  // outlives the sessions in the table
  const testing::FakeClock clock;
  UploadTable table(clock);
  const UploadId id = UploadId::random();
  value(table.hold(id)).session() = traced(id, trace);
  CHECK_FALSE(table.hold_idle(id, clock.now()).has_value());
  CHECK(table.hold_idle(id, clock.now() + std::chrono::milliseconds(1)).has_value());
  CHECK(table.hold_idle(UploadId::random(), clock.now()).has_value());
}

TEST_CASE("UploadTable: a hold that was moved from lets go of nothing") {
  const testing::FakeClock clock;
  UploadTable table(clock);
  const UploadId id = UploadId::random();
  auto first = std::make_unique<UploadTable::Hold>(value(table.hold(id)));
  const UploadTable::Hold second = std::move(*first);
  first.reset();
  CHECK(error_code(table.hold(id)) == Errc::kUploadBusy);
}

}  // namespace
}  // namespace shale::registry
