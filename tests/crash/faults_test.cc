// A disk that fails at each of its calls in turn, under everything that a client does. What
// is acknowledged then is there; every other answer is one that server/api/README.md lists;
// the server serves on, and its store is whole.
#include <cerrno>
#include <initializer_list>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/crash/honest_client.h"

namespace shale::testing {
namespace {

/// How a call fails, and what the client may be told while it does.
struct Failure {
  int error;
  bool once;
  int status;
};
constexpr Failure kOnce{.error = EIO, .once = true, .status = 500};
constexpr Failure kForGood{.error = EIO, .once = false, .status = 500};
constexpr Failure kFull{.error = ENOSPC, .once = false, .status = 507};
constexpr Failure kReadOnly{.error = EROFS, .once = false, .status = 500};

void stock_library(FailingDisk& disk) {
  disk.push_blob(HonestClient::kLibrary, HonestClient::kShared);
}

/// After the fault: what was acknowledged is there, the server serves on, and the store is
/// whole. After a failed sync only a restart ends the doubt, and until then `meanwhile` may be
/// the answer to pushes.
void check_afterwards(FailingDisk& disk, HonestClient& client,
                      const std::set<int>& meanwhile = {}) {
  client.check();
  if (!meanwhile.empty()) {
    HonestClient(disk, "other", "another").work({.statuses = meanwhile, .sync_fails = false});
    disk.restart();
    client.check();
  }
  HonestClient(disk, "other", "another").work();
  client.work();
  client.check();
  for (const std::string& wrong : disk.verify())
    FAIL_CHECK(wrong);
}

/// Lets the first, second, ... such call of a client's work fail, until there is none. Returns
/// how many there were.
int sweep_files(Call call, const Failure& failure) {
  const bool is_sync =
      call == Call::kSyncData || call == Call::kSync || call == Call::kFinishWriteBack;
  for (int nth = 1;; ++nth) {
    CAPTURE(static_cast<int>(call));
    CAPTURE(failure.error);
    CAPTURE(failure.once);
    CAPTURE(nth);
    FailingDisk disk;
    stock_library(disk);
    if (call == Call::kFreeSpace) disk.restart();  // what it asked then is good for a while
    HonestClient client(disk, "app", "one");
    disk.files.fail_from(call, nth, failure.error, failure.once);
    // An upload whose bytes may be lost is dropped, and is a fault or unknown from then on.
    std::set<int> statuses = {failure.status};
    if (is_sync) statuses.insert({500, 404});
    client.work({.statuses = statuses, .sync_fails = is_sync});
    const int injected = disk.injected();
    disk.files.mend(call);
    if (injected == 0) return nth - 1;
    check_afterwards(disk, client,
                     call == Call::kSync ? std::set{failure.status, 404} : std::set<int>());
  }
}

/// Of calls that a push makes at least once: a sweep of none would show nothing.
void sweep_all(std::initializer_list<Call> calls, std::initializer_list<Failure> failures) {
  for (const Call call : calls) {
    for (const Failure& failure : failures) {
      CAPTURE(static_cast<int>(call));
      CHECK(sweep_files(call, failure) > 0);
    }
  }
}

TEST_CASE("Faults: a write that fails anywhere in a push loses nothing acknowledged") {
  sweep_all({Call::kWrite}, {kOnce, kForGood, kFull});
}

TEST_CASE("Faults: a name that cannot be made, moved or removed loses nothing acknowledged") {
  sweep_all({Call::kMakeDirectory, Call::kRename, Call::kUnlink}, {kOnce, kFull, kReadOnly});
}

TEST_CASE("Faults: a file that cannot be opened or locked loses nothing acknowledged") {
  sweep_all({Call::kOpen}, {kOnce, kFull, kReadOnly});
  sweep_all({Call::kLock}, {kOnce});
}

TEST_CASE("Faults: a file that cannot be read, asked about or marked loses nothing acknowledged") {
  sweep_all({Call::kRead, Call::kStatus, Call::kSetMode, Call::kFreeSpace}, {kOnce, kForGood});
}

TEST_CASE("Faults: a failed fsync of blobs is never followed by a 201") {
  sweep_all({Call::kFinishWriteBack, Call::kSyncData, Call::kSync}, {kOnce, kForGood, kFull});
}

int sweep_log(RocksCall call, RocksFaults::Kind kind, bool once) {
  for (int nth = 1;; ++nth) {
    CAPTURE(nth);
    FailingDisk disk;
    stock_library(disk);
    HonestClient client(disk, "app", "one");
    disk.environment.faults.fail_from(call, nth, kind, once);
    const int status = kind == RocksFaults::Kind::kIo ? 500 : 507;
    client.work({.statuses = {status, 503, 404}, .sync_fails = true});
    const int injected = disk.injected();
    disk.environment.faults.mend();
    if (injected == 0) return nth - 1;
    check_afterwards(disk, client, {status, 503, 404});
  }
}

TEST_CASE("Faults: a failed fsync of the metadata's log is never followed by a 201") {
  CHECK(sweep_log(RocksCall::kSync, RocksFaults::Kind::kIo, true) > 0);
  CHECK(sweep_log(RocksCall::kSync, RocksFaults::Kind::kIo, false) > 0);
}

TEST_CASE("Faults: a failed write to the metadata's log is never followed by a 201") {
  CHECK(sweep_log(RocksCall::kAppend, RocksFaults::Kind::kIo, true) > 0);
  CHECK(sweep_log(RocksCall::kAppend, RocksFaults::Kind::kNoSpace, false) > 0);
}

/// Lets each call of a first start fail in turn, with the failure armed by `arm`. A start that
/// is refused says why, and once the disk is well the next one completes what it left.
template <class Arm>
int sweep_start(Arm arm) {
  for (int nth = 1;; ++nth) {
    CAPTURE(nth);
    FailingDisk disk(FailingDisk::kNotStarted);
    arm(disk, nth);
    const auto refused = disk.try_start();
    if (refused) CHECK_FALSE(refused->message.empty());
    disk.close();
    const int injected = disk.injected();
    disk.files.mend_all();
    disk.environment.faults.mend();
    if (injected == 0) return nth - 1;
    disk.restart();
    stock_library(disk);
    HonestClient(disk, "app", "one").work();
    for (const std::string& wrong : disk.verify())
      FAIL_CHECK(wrong);
  }
}

TEST_CASE("Faults: a store that could not be made is completed by the next start") {
  for (const Call call : {Call::kMakeDirectory, Call::kOpen, Call::kSync, Call::kStatus}) {
    CAPTURE(static_cast<int>(call));
    CHECK(sweep_start([&](FailingDisk& disk, int nth) { disk.files.fail_from(call, nth, EIO); }) >
          0);
  }
  for (const RocksCall call :
       {RocksCall::kCreate, RocksCall::kAppend, RocksCall::kSync, RocksCall::kRename}) {
    CAPTURE(static_cast<int>(call));
    CHECK(sweep_start([&](FailingDisk& disk, int nth) {
            disk.environment.faults.fail_from(call, nth, RocksFaults::Kind::kNoSpace);
          }) > 0);
  }
}

}  // namespace
}  // namespace shale::testing
