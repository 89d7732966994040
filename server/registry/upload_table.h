#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "blobstore/guarded.h"
#include "server/registry/staged_upload.h"

namespace shale::registry {

/// Who is writing to which upload, so that two requests never write to one, and
/// the sessions of those that wait for their next request, so that their running
/// hash is not lost. Keeps a bounded number and size: the one that waited longest goes
/// first, and is resumed from the store when it is wanted again. Thread-safe.
class UploadTable {
  struct Entry;

 public:
  /// How much may rest here.
  struct Bounds {
    std::size_t sessions = 512;
    std::size_t bytes = std::size_t{4} << 20;  ///< of memory, for those that are small
  };

  explicit UploadTable(const Clock& clock) : UploadTable(clock, Bounds()) {}
  UploadTable(const Clock& clock, Bounds bounds) : clock_(clock), bounds_(bounds) {}

  /// The sole right to an upload. Letting go of it lays the session, if there is
  /// one, to rest in the table, or ends it when it cannot rest. Must not outlive the
  /// table. One thread at a time.
  class Hold {
   public:
    Hold(Hold&& other) noexcept
        : table_(std::exchange(other.table_, nullptr)),
          entry_(other.entry_),
          id_(std::move(other.id_)),
          session_(std::move(other.session_)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (table_ != nullptr) table_->release(id_, std::move(session_));
    }

    const UploadId& id() const noexcept { return id_; }
    /// None: it has to be begun or resumed, or the upload is to be forgotten.
    std::unique_ptr<StagedUpload>& session() noexcept { return session_; }

    /// Shows others how far the session, which there must be, has come.
    void show_offset() noexcept;
    /// Whether somebody has cancelled the upload meanwhile: the session is dropped then.
    bool cancelled() const noexcept;
    /// From here on nobody can cancel it. False when somebody has.
    bool close() noexcept;

   private:
    friend class UploadTable;
    Hold(UploadTable& table, Entry& entry, UploadId id, std::unique_ptr<StagedUpload> session)
        : table_(&table), entry_(&entry), id_(std::move(id)), session_(std::move(session)) {}

    UploadTable* table_;
    Entry* entry_;  // in the table, and stays there while held
    UploadId id_;
    std::unique_ptr<StagedUpload> session_;
  };

  /// `kUploadBusy` while somebody else has it, `kUploadUnknown` when it is
  /// cancelled besides. Does not know which uploads exist.
  Result<Hold> hold(const UploadId& id);

  /// How far the one that has it has come. None when nobody has it. `kUploadBusy`
  /// while that is being found out, `kUploadUnknown` when it is cancelled.
  Result<std::optional<std::uint64_t>> offset_of_held(const UploadId& id) const;

  /// The right to an upload that is to go, or none when somebody has it: that one
  /// finds it cancelled. `kUploadBusy` when it is `close`d, `kUploadUnknown` when it
  /// is cancelled already.
  Result<std::optional<Hold>> cancel(const UploadId& id);

  /// None while somebody has it or when it was held since `before`.
  std::optional<Hold> hold_idle(const UploadId& id, Time before);

  /// How many sessions wait here.
  std::size_t at_rest() const { return state_.lock()->resting.size(); }

 private:
  enum class Phase : std::uint8_t { kOpen, kClosed, kCancelled };

  struct Entry {
    static constexpr std::uint64_t kNoOffset = ~std::uint64_t{0};

    std::unique_ptr<StagedUpload> session;          ///< none while held
    std::atomic<std::uint64_t> offset = kNoOffset;  ///< as its holder shows it
    std::atomic<Phase> phase = Phase::kOpen;
    Time let_go;
    std::list<UploadId>::iterator place;  ///< in `resting`, unless held
  };
  struct State {
    std::map<UploadId, Entry> entries;
    std::list<UploadId> resting;  ///< the longest waiting first
    std::size_t bytes = 0;        ///< of memory, of those that rest
  };

  void release(const UploadId& id, std::unique_ptr<StagedUpload> session) noexcept;
  Hold take(State& state, const UploadId& id);
  /// Takes the session that rests longest out of the table.
  static std::unique_ptr<StagedUpload> evict(State& state);

  const Clock& clock_;
  const Bounds bounds_;
  Guarded<State> state_;
};

}  // namespace shale::registry
