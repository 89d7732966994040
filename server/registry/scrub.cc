#include "server/registry/scrub.h"

#include <algorithm>
#include <span>
#include <utility>

#include "blobstore/memory_blob.h"
#include "server/registry/periodic.h"

namespace shale::registry {

using namespace std::chrono_literals;
using index::StoredBlob;

namespace {

constexpr std::size_t kPage = 256;
/// Orphans of one run, so that its memory is bounded; the next run finds the others.
constexpr std::size_t kMostOrphans = 100'000;
/// From so many on, and when they are more than half of all files, orphans look like
/// metadata that do not belong to these files.
constexpr std::size_t kManyOrphans = 16;

Error stopped() {
  return {Errc::kUnavailable, "the scrub was stopped before its end"};
}

}  // namespace

struct Scrub::Run {
  const ScrubOptions& options;
  const std::stop_token& stop;
  const std::function<void(const ScrubReport&)>& tell;
  ScrubReport& report;
  Pace pace;
  std::vector<std::byte> buffer;

  void say(const std::string& words) const {
    if (report.words.size() < ScrubReport::kMostWords) report.words.push_back(words);
  }
  /// Whether it changes anything just now.
  bool acts() const {
    return options.act == ScrubOptions::Act::kAct && !(options.only_tells && options.only_tells());
  }
  void show() const {
    if (tell) tell(report);
  }
  /// Waits as the pace has it, then counts the bytes.
  Result<void> take(std::size_t bytes) {
    if (const auto wait = pace.before(bytes); wait > 0ms) wait_between(stop, wait);
    if (stop.stop_requested()) return stopped();
    report.bytes += bytes;
    return {};
  }
  /// The whole lock of a digest. Whoever holds it will let go of it soon.
  Result<std::unique_lock<std::shared_mutex>> lock(DigestLocks& locks, const Digest& digest) const {
    while (true) {
      auto lock = locks.try_remove(digest);
      if (lock.owns_lock()) return lock;
      wait_between(stop, 10ms);
      if (stop.stop_requested()) return stopped();
    }
  }
};

Result<void> Scrub::run(const ScrubOptions& options, const std::stop_token& stop,
                        const std::function<void(const ScrubReport&)>& tell, ScrubReport& report) {
  report = {};
  SHALE_TRY_ASSIGN(const auto usage, metadata_.store_usage());
  report.blobs_in_all = static_cast<std::uint64_t>(std::max(usage.blobs, std::int64_t{0}));
  Run run{options, stop, tell, report, Pace(clock_, options.rate), {}};
  run.buffer.resize(run.pace.piece());
  SHALE_TRY(check_blobs(run));
  SHALE_TRY(check_files(run));
  SHALE_TRY(check_metadata(run));
  run.show();
  return {};
}

// --- blobs against their digests ---

Result<void> Scrub::check_blobs(Run& run) {
  run.report.phase = ScrubPhase::kBlobs;
  std::optional<Digest> after;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, metadata_.list_blobs(after, kPage));
    for (const StoredBlob& blob : page.items) {
      if (run.stop.stop_requested()) return stopped();
      run.show();
      SHALE_TRY(check_blob(run, blob));
      ++run.report.blobs;
      after = blob.digest;
    }
    if (!page.more || page.items.empty()) return {};
  }
}

Result<void> Scrub::check_blob(Run& run, const StoredBlob& blob) {
  quarantine_.watch(blob.digest);
  SHALE_TRY_ASSIGN(const Look look, look_at(run, blob));
  const bool is_set_aside = quarantine_.since(blob.digest).has_value();
  switch (look.state) {
    case State::kWhole:
      return is_set_aside ? take_back(run, blob) : Result<void>();
    case State::kUnreadable:
      ++run.report.unreadable;
      run.say(blob.digest.str() + " cannot be read: " + look.why);
      return {};
    case State::kDamaged:
    case State::kMissing:
      return set_aside(run, blob, look);
  }
  return {};
}

Result<Scrub::Look> Scrub::look_at(Run& run, const StoredBlob& blob) {
  std::unique_ptr<const Blob> open;
  if (blob.small) {
    auto read = metadata_.read_small_blob(blob.digest);
    if (!read) {
      const Error& error = read.error();
      return Look{error.code == Errc::kCorrupt ? State::kDamaged : State::kUnreadable,
                  error.message};
    }
    std::optional<std::string> bytes = *std::move(read);
    if (!bytes) return Look{State::kMissing, "no bytes"};
    if (bytes->size() != blob.size) {
      return Look{State::kDamaged, "it has " + std::to_string(bytes->size()) + " bytes, not " +
                                       std::to_string(blob.size)};
    }
    open = std::make_unique<MemoryBlob>(std::make_shared<const std::string>(*std::move(bytes)));
  } else {
    auto file = blobs_.open(blob.digest, blob.size);
    if (!file) {
      const Error& error = file.error();
      if (error.code == Errc::kBlobUnknown) return Look{State::kMissing, "its file is gone"};
      if (error.code == Errc::kCorrupt) return Look{State::kDamaged, error.message};
      return Look{State::kUnreadable, error.message};
    }
    open = *std::move(file);
  }
  if (run.options.bytes == ScrubOptions::Bytes::kSizesOnly) return Look{};
  return hash(run, blob, *open);
}

Result<Scrub::Look> Scrub::hash(Run& run, const StoredBlob& blob, const Blob& open) {
  Hasher hasher(blob.digest.algorithm());
  for (std::uint64_t offset = 0; offset < blob.size;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(run.buffer.size(), blob.size - offset));
    SHALE_TRY(run.take(wanted));
    const auto into = std::span(run.buffer).first(wanted);
    const auto count = open.read(offset, into);
    if (!count) return Look{State::kUnreadable, count.error().message};
    if (*count == 0) return Look{State::kDamaged, "it ends early"};
    hasher.update(into.first(*count));
    offset += *count;
    run.show();
  }
  const Digest actual = hasher.finish();
  if (actual == blob.digest) return Look{};
  return Look{State::kDamaged, "its bytes are " + actual.str()};
}

/// Under the whole lock nobody is between publishing bytes and linking them, so a second
/// look tells whether what was found is still so.
Result<void> Scrub::set_aside(Run& run, const StoredBlob& blob, const Look& look) {
  SHALE_TRY_ASSIGN(const auto lock, run.lock(locks_, blob.digest));
  if (quarantine_.published_since_watch()) return {};
  SHALE_TRY_ASSIGN(const auto now, metadata_.find_stored_blob(blob.digest));
  if (!now) return {};  // collected meanwhile
  const bool was_set_aside = quarantine_.since(blob.digest).has_value();
  if (was_set_aside) {
    ++run.report.known;
    run.say(blob.digest.str() + " is set aside, and was not pushed again since");
  } else {
    ++(look.state == State::kMissing ? run.report.missing : run.report.damaged);
    run.say(blob.digest.str() +
            (look.state == State::kMissing ? " is missing: " : " is damaged: ") + look.why);
  }
  if (!run.acts()) return {};
  // Also of one that is known: memory may know it from a pull, and the disk not yet.
  SHALE_TRY(blobs_.quarantine(blob.digest));
  quarantine_.add(blob.digest, clock_.now());
  if (!was_set_aside) ++run.report.quarantined;
  return {};
}

/// Somebody brought back the bytes by hand, or a push did and the process ended before it
/// could say so.
Result<void> Scrub::take_back(Run& run, const StoredBlob& blob) {
  if (run.options.bytes == ScrubOptions::Bytes::kSizesOnly) return {};
  ++run.report.returned;
  if (!run.acts()) return {};
  SHALE_TRY_ASSIGN(const auto lock, run.lock(locks_, blob.digest));
  quarantine_.remove(blob.digest);
  return blobs_.release(blob.digest);
}

// --- files against the metadata ---

Result<void> Scrub::check_files(Run& run) {
  run.report.phase = ScrubPhase::kFiles;
  run.show();
  SHALE_TRY(drop_stale_marks(run));
  std::vector<Digest> orphans;
  std::uint64_t files = 0;
  std::optional<Digest> after;
  while (orphans.size() < kMostOrphans) {
    if (run.stop.stop_requested()) return stopped();
    SHALE_TRY_ASSIGN(const auto page, blobs_.list(after, kPage));
    if (page.empty()) break;
    for (const StoredFile& file : page) {
      after = file.digest;
      ++files;
      if (file.modified > clock_.now() - run.options.young) continue;
      SHALE_TRY_ASSIGN(const auto known, metadata_.find_stored_blob(file.digest));
      if (known) continue;
      orphans.push_back(file.digest);
      ++run.report.orphans;
      run.report.orphan_bytes += file.size;
      run.say(file.digest.str() + " is a file of " + std::to_string(file.size) +
              " bytes that nothing refers to");
    }
  }
  if (!run.acts()) return {};
  if (orphans.size() >= kManyOrphans && orphans.size() * 2 > files) {
    ++run.report.problems;
    run.say("nothing refers to " + std::to_string(orphans.size()) + " of " + std::to_string(files) +
            " files: do the metadata belong to these files? None of them was removed");
    return {};
  }
  for (const Digest& digest : orphans) {
    if (run.stop.stop_requested()) return stopped();
    if (!run.acts()) return {};
    SHALE_TRY(remove_orphan(run, digest));
  }
  return {};
}

/// What was set aside of a blob that nobody needs any more.
Result<void> Scrub::drop_stale_marks(Run& run) {
  if (!run.acts()) return {};
  SHALE_TRY_ASSIGN(const auto set_aside, blobs_.quarantined());
  for (const Quarantined& blob : set_aside) {
    if (!run.acts()) return {};
    SHALE_TRY_ASSIGN(const auto lock, run.lock(locks_, blob.digest));
    SHALE_TRY_ASSIGN(const auto known, metadata_.find_stored_blob(blob.digest));
    if (known) continue;
    SHALE_TRY(blobs_.release(blob.digest));
    quarantine_.remove(blob.digest);
  }
  return {};
}

/// A push holds the lock from before it publishes until it has linked, so under the whole
/// lock a file without a row is nobody's.
Result<void> Scrub::remove_orphan(Run& run, const Digest& digest) {
  SHALE_TRY_ASSIGN(const auto lock, run.lock(locks_, digest));
  SHALE_TRY_ASSIGN(const auto known, metadata_.find_stored_blob(digest));
  if (!known) {
    SHALE_TRY(blobs_.remove(digest));
    quarantine_.remove(digest);
  }
  ++run.report.removed;
  return {};
}

// --- the metadata against themselves ---

Result<void> Scrub::check_metadata(Run& run) {
  run.report.phase = ScrubPhase::kMetadata;
  run.show();
  SHALE_TRY_ASSIGN(const auto findings, metadata_.check());
  run.report.problems += findings.size();
  for (const std::string& finding : findings)
    run.say(finding);
  return {};
}

}  // namespace shale::registry
