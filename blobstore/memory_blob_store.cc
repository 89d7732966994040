#include "blobstore/memory_blob_store.h"

#include <limits>
#include <span>
#include <utility>

#include "blobstore/memory_blob.h"

namespace shale {
namespace {

const SystemClock kSystemClock;

Error upload_unknown(const UploadId& id) {
  return Error{Errc::kUploadUnknown, "no upload " + id.str() + " is open"};
}

Error upload_busy(const UploadId& id) {
  return Error{Errc::kUploadBusy, "upload " + id.str() + " is being written by somebody else"};
}

}  // namespace

/// The bytes stay in the store, as they stay on disk with the other one. Owning
/// the upload there is what holding the locked file open is on disk.
class MemoryUpload final : public UploadSession {
 public:
  MemoryUpload(MemoryBlobStore& store, UploadId id, std::uint64_t offset)
      : store_(store), id_(std::move(id)), offset_(offset) {}
  MemoryUpload(const MemoryUpload&) = delete;
  MemoryUpload& operator=(const MemoryUpload&) = delete;
  ~MemoryUpload() override { let_go(); }

  std::uint64_t offset() const noexcept override { return offset_; }

  Result<void> append(std::span<const std::byte> bytes) override {
    auto state = store_.state_.lock();
    SHALE_TRY_ASSIGN(auto* const upload, wake(*state));
    SHALE_TRY(state->take(bytes.size()));
    upload->bytes.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    upload->modified = store_.clock_.now();
    offset_ = upload->bytes.size();
    return {};
  }

  Result<void> commit(const Digest& expected) override {
    auto state = store_.state_.lock();
    SHALE_TRY_ASSIGN(auto* const upload, wake(*state));
    const Digest actual = Digest::of(expected.algorithm(), std::as_bytes(std::span(upload->bytes)));
    if (actual != expected) {
      return Error{Errc::kDigestMismatch,
                   "expected " + expected.str() + ", received " + actual.str()};
    }
    state->blobs.insert_or_assign(
        expected,
        MemoryBlobStore::StoredBlob{std::make_shared<const std::string>(std::move(upload->bytes)),
                                    store_.clock_.now()});
    state->quarantined.erase(expected);
    state->uploads.erase(id_);
    return {};
  }

  Result<void> rest() override {
    let_go();
    return {};
  }

 private:
  Result<MemoryBlobStore::Upload*> wake(MemoryBlobStore::State& state) {
    const auto found = state.uploads.find(id_);
    if (found == state.uploads.end()) return upload_unknown(id_);
    MemoryBlobStore::Upload& upload = found->second;
    if (upload.owner != nullptr && upload.owner != this) return upload_busy(id_);
    if (upload.bytes.size() != offset_) {
      return Error{Errc::kCorrupt, "upload " + id_.str() + " went on without this session"};
    }
    upload.owner = this;
    return &upload;
  }

  void let_go() noexcept {
    auto state = store_.state_.lock();
    const auto found = state->uploads.find(id_);
    if (found != state->uploads.end() && found->second.owner == this) {
      found->second.owner = nullptr;
    }
  }

  MemoryBlobStore& store_;
  UploadId id_;
  std::uint64_t offset_;
};

MemoryBlobStore::MemoryBlobStore() : MemoryBlobStore(kSystemClock) {}
MemoryBlobStore::MemoryBlobStore(const Clock& clock) : clock_(clock) {}
MemoryBlobStore::~MemoryBlobStore() = default;

Result<std::unique_ptr<UploadSession>> MemoryBlobStore::begin_upload(const UploadId& id,
                                                                     Algorithm) {
  auto session = std::make_unique<MemoryUpload>(*this, id, 0);
  auto state = state_.lock();
  if (!state->uploads.try_emplace(id, Upload{{}, clock_.now(), session.get()}).second) {
    return Error{Errc::kInvalidArgument, "upload " + id.str() + " is open already"};
  }
  return {std::move(session)};
}

Result<std::unique_ptr<UploadSession>> MemoryBlobStore::resume_upload(const UploadId& id,
                                                                      Algorithm) {
  auto state = state_.lock();
  const auto found = state->uploads.find(id);
  if (found == state->uploads.end()) return upload_unknown(id);
  Upload& upload = found->second;
  if (upload.owner != nullptr) return upload_busy(id);
  auto session = std::make_unique<MemoryUpload>(*this, id, upload.bytes.size());
  upload.owner = session.get();
  return {std::move(session)};
}

Result<void> MemoryBlobStore::cancel_upload(const UploadId& id) {
  state_.lock()->uploads.erase(id);
  return {};
}

Result<std::vector<OpenUpload>> MemoryBlobStore::open_uploads() const {
  std::vector<OpenUpload> open;
  const auto state = state_.lock();
  for (const auto& [id, upload] : state->uploads) {
    open.push_back({id, upload.bytes.size(), upload.modified});
  }
  return open;
}

Result<std::uint64_t> MemoryBlobStore::size(const Digest& digest) const {
  const auto state = state_.lock();
  const auto found = state->blobs.find(digest);
  if (found == state->blobs.end()) return Error{Errc::kBlobUnknown, digest.str()};
  return found->second.bytes->size();
}

Result<std::unique_ptr<const Blob>> MemoryBlobStore::open(const Digest& digest,
                                                          std::uint64_t size) const {
  const auto state = state_.lock();
  const auto found = state->blobs.find(digest);
  if (found == state->blobs.end()) return Error{Errc::kBlobUnknown, digest.str()};
  if (found->second.bytes->size() != size) {
    return Error{Errc::kCorrupt, digest.str() + " has " +
                                     std::to_string(found->second.bytes->size()) +
                                     " bytes, expected " + std::to_string(size)};
  }
  return {std::make_unique<const MemoryBlob>(found->second.bytes)};
}

Result<void> MemoryBlobStore::remove(const Digest& digest) {
  auto state = state_.lock();
  state->blobs.erase(digest);
  state->quarantined.erase(digest);
  return {};
}

Result<std::vector<StoredFile>> MemoryBlobStore::list(const std::optional<Digest>& after,
                                                      std::size_t limit) const {
  std::vector<StoredFile> listed;
  const auto state = state_.lock();
  auto next = after ? state->blobs.upper_bound(*after) : state->blobs.begin();
  for (; next != state->blobs.end() && listed.size() < limit; ++next) {
    listed.push_back({next->first, next->second.bytes->size(), next->second.modified});
  }
  return listed;
}

Result<void> MemoryBlobStore::quarantine(const Digest& digest) {
  auto state = state_.lock();
  state->blobs.erase(digest);
  state->quarantined.try_emplace(digest, clock_.now());
  return {};
}

Result<void> MemoryBlobStore::release(const Digest& digest) {
  state_.lock()->quarantined.erase(digest);
  return {};
}

Result<std::vector<Quarantined>> MemoryBlobStore::quarantined() const {
  std::vector<Quarantined> all;
  const auto state = state_.lock();
  for (const auto& [digest, since] : state->quarantined)
    all.push_back({digest, since});
  return all;
}

Result<Space> MemoryBlobStore::space() const {
  return state_.lock()->space.value_or(Space{std::numeric_limits<std::uint64_t>::max(), 0});
}

Result<void> MemoryBlobStore::admit(std::uint64_t bytes) {
  return state_.lock()->take(bytes);
}

Result<void> MemoryBlobStore::State::take(std::uint64_t bytes) {
  if (!space) return {};
  if (space->free < space->reserve || space->free - space->reserve < bytes) {
    return Error{Errc::kNoSpace, "the memory store was told to be full"};
  }
  space->free -= bytes;
  return {};
}

void MemoryBlobStore::set_space(Space space) {
  state_.lock()->space = space;
}

void MemoryBlobStore::damage(const Digest& digest, std::string bytes) {
  auto state = state_.lock();
  if (const auto found = state->blobs.find(digest); found != state->blobs.end()) {
    found->second.bytes = std::make_shared<const std::string>(std::move(bytes));
  }
}

std::size_t MemoryBlobStore::blob_count() const {
  return state_.lock()->blobs.size();
}

}  // namespace shale
