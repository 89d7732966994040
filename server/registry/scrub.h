#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "blobstore/blob_store.h"
#include "server/index/metadata_store.h"
#include "server/registry/digest_locks.h"
#include "server/registry/pace.h"
#include "server/registry/quarantine.h"

namespace shale::registry {

enum class ScrubPhase : std::uint8_t { kBlobs, kFiles, kMetadata };

/// What a scrub has done and found so far.
struct ScrubReport {
  ScrubPhase phase = ScrubPhase::kBlobs;
  std::uint64_t blobs = 0;  ///< looked at
  std::uint64_t bytes = 0;  ///< read
  std::uint64_t blobs_in_all = 0;
  std::uint64_t damaged = 0;      ///< that had another digest or size
  std::uint64_t missing = 0;      ///< whose bytes were gone
  std::uint64_t quarantined = 0;  ///< of both, that were set aside
  std::uint64_t known = 0;        ///< set aside before, and not pushed again since
  std::uint64_t returned = 0;     ///< set aside before, and found whole: in use again
  std::uint64_t unreadable = 0;   ///< that could not be read just now: nothing is said of them
  std::uint64_t orphans = 0;      ///< files that nothing knew of
  std::uint64_t orphan_bytes = 0;
  std::uint64_t removed = 0;  ///< of the orphans
  std::uint64_t problems = 0;
  /// What is wrong, in words, at most `kMostWords` of it.
  std::vector<std::string> words;

  static constexpr std::size_t kMostWords = 100;

  bool all_is_well() const noexcept {
    return damaged + missing + known + unreadable + orphans - removed + problems == 0;
  }
};

struct ScrubOptions {
  std::uint64_t rate = 0;  ///< bytes a second; 0: as fast as it goes
  enum class Bytes : std::uint8_t { kHash, kSizesOnly };
  Bytes bytes = Bytes::kHash;
  /// Sets damaged blobs aside and removes orphans; else it only tells of them.
  enum class Act : std::uint8_t { kAct, kTell };
  Act act = Act::kAct;
  std::chrono::milliseconds young = std::chrono::minutes(10);  ///< files of that age are left alone
  /// Asked before each change; while it says yes, `kAct` is as `kTell`.
  // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
  std::function<bool()> only_tells = {};
};

/// Compares what is stored with what is known: every blob with its digest and size, every
/// file of the blob store with the metadata, and the metadata with themselves. Pushes,
/// pulls and the collector go on meanwhile. See "Scrubbing" in README.md. One run at a time.
class Scrub {
 public:
  /// What it borrows must outlive it.
  Scrub(BlobStore& blobs, index::MetadataStore& metadata, const Clock& clock,
        Quarantine& quarantine, DigestLocks& locks)
      : blobs_(blobs), metadata_(metadata), clock_(clock), quarantine_(quarantine), locks_(locks) {}

  /// `tell` gets the state of things every now and then. Ends early, and says so with
  /// `kUnavailable`, when `stop` asks for it. An error means that it could not go on;
  /// `report` is what was found until then.
  Result<void> run(const ScrubOptions& options, const std::stop_token& stop,
                   const std::function<void(const ScrubReport&)>& tell, ScrubReport& report);

 private:
  enum class State : std::uint8_t { kWhole, kDamaged, kMissing, kUnreadable };
  struct Look {
    State state = State::kWhole;
    std::string why;
  };
  struct Run;

  Result<void> check_blobs(Run& run);
  Result<void> check_blob(Run& run, const index::StoredBlob& blob);
  /// Reads the blob as far as the options have it.
  Result<Look> look_at(Run& run, const index::StoredBlob& blob);
  Result<Look> hash(Run& run, const index::StoredBlob& blob, const Blob& open);
  Result<void> set_aside(Run& run, const index::StoredBlob& blob, const Look& look);
  Result<void> take_back(Run& run, const index::StoredBlob& blob);

  Result<void> check_files(Run& run);
  Result<void> drop_stale_marks(Run& run);
  Result<void> remove_orphan(Run& run, const Digest& digest);
  Result<void> check_metadata(Run& run);

  BlobStore& blobs_;
  index::MetadataStore& metadata_;
  const Clock& clock_;
  Quarantine& quarantine_;
  DigestLocks& locks_;
};

}  // namespace shale::registry
