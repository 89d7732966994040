#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "blobstore/blob_store.h"

namespace shale::testing {

/// Another store, `store`, with errors at will. Not thread-safe.
class FaultyBlobStore final : public BlobStore {
 public:
  explicit FaultyBlobStore(BlobStore& store) : store_(store) {}

  /// What the next call of each of these fails with, doing nothing.
  struct Faults {
    std::optional<Errc> begin;
    std::optional<Errc> append;  ///< further appends of the session fail alike
    std::optional<Errc> commit;
    std::optional<Errc> cancel;
    std::optional<Errc> remove;
    std::optional<Errc> quarantine;
    std::set<Digest> stuck;  ///< cannot be removed as long as they are in here
    /// Runs once, when the next commit has published its bytes.
    std::function<void()> published = nullptr;
    bool lose = false;  ///< the next session that rests cannot, and its upload is dropped
  };
  Faults faults;
  mutable std::function<void()> after_listing;  ///< runs once, before the next list is given out
  mutable std::function<void()> after_list;     ///< the same of a list of blobs
  mutable std::function<void()> after_open;     ///< runs once, after the next blob was opened
  int resumed = 0;
  std::atomic<int> removals_tried = 0;

  Result<std::unique_ptr<UploadSession>> begin_upload(const UploadId& id,
                                                      Algorithm algorithm) override {
    SHALE_TRY(fail(faults.begin));
    return wrap(id, store_.begin_upload(id, algorithm));
  }
  Result<std::unique_ptr<UploadSession>> resume_upload(const UploadId& id,
                                                       Algorithm algorithm) override {
    ++resumed;
    return wrap(id, store_.resume_upload(id, algorithm));
  }
  Result<void> cancel_upload(const UploadId& id) override {
    SHALE_TRY(fail(faults.cancel));
    return store_.cancel_upload(id);
  }
  Result<std::vector<OpenUpload>> open_uploads() const override {
    auto open = store_.open_uploads();
    if (const auto run = std::exchange(after_listing, nullptr)) run();
    return open;
  }
  Result<std::uint64_t> size(const Digest& digest) const override { return store_.size(digest); }
  Result<std::unique_ptr<const Blob>> open(const Digest& digest,
                                           std::uint64_t size) const override {
    auto opened = store_.open(digest, size);
    if (const auto run = std::exchange(after_open, nullptr)) run();
    return opened;
  }
  Result<void> remove(const Digest& digest) override {
    ++removals_tried;
    SHALE_TRY(fail(faults.remove));
    if (faults.stuck.contains(digest)) return Error{Errc::kIo, "injected"};
    return store_.remove(digest);
  }
  Result<std::vector<StoredFile>> list(const std::optional<Digest>& after,
                                       std::size_t limit) const override {
    auto listed = store_.list(after, limit);
    if (const auto run = std::exchange(after_list, nullptr)) run();
    return listed;
  }
  Result<void> quarantine(const Digest& digest) override {
    SHALE_TRY(fail(faults.quarantine));
    return store_.quarantine(digest);
  }
  Result<void> release(const Digest& digest) override { return store_.release(digest); }
  Result<std::vector<Quarantined>> quarantined() const override { return store_.quarantined(); }
  Result<Space> space() const override { return store_.space(); }
  Result<void> admit(std::uint64_t bytes) override { return store_.admit(bytes); }

 private:
  class Session final : public UploadSession {
   public:
    Session(Faults& faults, BlobStore& store, UploadId id, std::unique_ptr<UploadSession> session)
        : faults_(faults), store_(store), id_(std::move(id)), session_(std::move(session)) {}

    std::uint64_t offset() const noexcept override { return session_->offset(); }
    Result<void> append(std::span<const std::byte> bytes) override {
      if (!dead_ && faults_.append) dead_ = std::exchange(faults_.append, std::nullopt);
      if (dead_) return Error{*dead_, "injected"};
      return session_->append(bytes);
    }
    Result<void> commit(const Digest& expected) override {
      SHALE_TRY(fail(faults_.commit));
      SHALE_TRY(session_->commit(expected));
      if (const auto run = std::exchange(faults_.published, nullptr)) run();
      return {};
    }
    Result<void> rest() override {
      SHALE_TRY(session_->rest());
      if (std::exchange(faults_.lose, false)) {
        SHALE_TRY(store_.cancel_upload(id_));
        lost_ = true;
      }
      if (lost_) return Error{Errc::kIo, "injected"};
      return {};
    }

   private:
    Faults& faults_;
    BlobStore& store_;
    const UploadId id_;
    std::unique_ptr<UploadSession> session_;
    std::optional<Errc> dead_;
    bool lost_ = false;
  };

  static Result<void> fail(std::optional<Errc>& fault) {
    if (!fault) return {};
    return Error{*std::exchange(fault, std::nullopt), "injected"};
  }

  Result<std::unique_ptr<UploadSession>> wrap(const UploadId& id,
                                              Result<std::unique_ptr<UploadSession>> session) {
    if (!session) return session;
    return {std::make_unique<Session>(faults, store_, id, *std::move(session))};
  }

  BlobStore& store_;
};

}  // namespace shale::testing
