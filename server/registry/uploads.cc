#include "server/registry/uploads.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace shale::registry {

using index::RepositoryName;

namespace {

Error unknown(const UploadId& id) {
  return {Errc::kUploadUnknown, "upload " + id.str() + " was cancelled meanwhile"};
}

}  // namespace

class Uploads::Writer final : public UploadWriter {
 public:
  enum class Kind : std::uint8_t {
    kResumable,   ///< the client knows the id and has a row in the index
    kOneRequest,  ///< neither
  };

  Writer(Uploads& uploads, RepositoryName repository, UploadTable::Hold hold, Kind kind,
         std::optional<std::uint64_t> announced)
      : uploads_(uploads),
        repository_(std::move(repository)),
        hold_(std::move(hold)),
        kind_(kind),
        missing_(announced) {}

  ~Writer() override {
    if (!hold_) return;
    UploadTable::Hold held = take_hold();
    // What cannot be dropped now is found by `expire`.
    if (kind_ == Kind::kOneRequest) static_cast<void>(uploads_.drop(held));
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Result<void> append(std::span<const std::byte> bytes) override {
    assert(hold_);
    if (hold_->cancelled()) return unknown(hold_->id());
    if (missing_ && bytes.size() > *missing_) {
      return Error{Errc::kSizeMismatch,
                   "more bytes than Content-Range announced",
                   {"the body is longer than the range in Content-Range"}};
    }
    if (auto appended = hold_->session()->append(bytes); !appended) {
      if (appended.error().code != Errc::kNoSpace) spoilt_ = true;
      return appended;
    }
    hold_->show_offset();
    if (missing_) *missing_ -= bytes.size();
    return {};
  }

  Result<UploadStatus> pause() override {
    assert(hold_ && kind_ == Kind::kResumable);
    const std::uint64_t offset = hold_->session()->offset();
    UploadTable::Hold held = take_hold();
    if (held.cancelled()) return unknown(held.id());
    if (held.session() != nullptr) SHALE_TRY(held.session()->rest());
    SHALE_TRY(check_complete());
    return UploadStatus{held.id(), offset};
  }

  Result<index::BlobLink> commit(const Digest& expected) override {
    UploadTable::Hold held = take_hold();
    if (!held.close()) return unknown(held.id());
    if (held.session() == nullptr) {
      return Error{Errc::kIo, "upload " + held.id().str() + " failed in the middle"};
    }
    SHALE_TRY(check_complete());
    const std::uint64_t size = held.session()->offset();
    // Before the bytes become a blob that nobody would link.
    if (auto room = uploads_.room_.admit(repository_, expected, size); !room) {
      return end_failed(held, expected, std::move(room).error());
    }
    // From before the bytes are published until they are linked, nobody removes them.
    const auto kept = uploads_.locks_.keep(expected);
    auto small = held.session()->commit(expected);
    if (!small) return end_failed(held, expected, std::move(small).error());
    index::LinkBlob link{repository_, expected, size, std::nullopt, *std::move(small)};
    if (kind_ == Kind::kResumable) link.upload = held.id();
    const bool healed = uploads_.quarantine_.since(expected).has_value();
    const bool in_file = !link.bytes;
    if (healed && in_file) {
      SHALE_TRY_ASSIGN(link.bytes, uploads_.read_back(expected, size));
    }
    // Bytes in a file are a blob by now and the session is used up. Should the link fail,
    // nobody names that blob, and the row is left to `expire`. Small ones stay with the
    // upload until they are linked, for the client was told that they had come.
    if (in_file || !link.upload) held.session().reset();
    SHALE_TRY(uploads_.metadata_.link_blob(link));
    ++uploads_.finished_;
    if (link.upload) --uploads_.open_;
    uploads_.quarantine_.published(expected);
    // Should this fail, the next scrub finds the blob whole.
    if (healed) static_cast<void>(uploads_.blobs_.release(expected));
    held.session().reset();
    // The copy for restarts; should it stay, `expire` finds it.
    if (!in_file && link.upload) static_cast<void>(uploads_.blobs_.cancel_upload(held.id()));
    return index::BlobLink{expected, size};
  }

 private:
  UploadTable::Hold take_hold() {
    assert(hold_);  // else this writer was ended before
    UploadTable::Hold held = std::move(*hold_);
    hold_.reset();
    // Whether such a session is good for more is the store's secret. Without it
    // the next request takes up what is really there.
    if (spoilt_) held.session().reset();
    return held;
  }

  Result<void> check_complete() const {
    if (!missing_ || *missing_ == 0) return {};
    return Error{Errc::kSizeMismatch,
                 std::to_string(*missing_) + " bytes less than Content-Range announced",
                 {"the body is " + std::to_string(*missing_) +
                  " bytes shorter than the range in Content-Range; what came was kept"}};
  }

  Error end_failed(UploadTable::Hold& held, const Digest& expected, Error error) {
    if (error.code == Errc::kDigestMismatch) {
      error.details = {"the " + std::to_string(held.session()->offset()) +
                       " bytes that were uploaded do not have the digest " + expected.str() +
                       "; begin a new upload"};
    }
    if (error.code == Errc::kDigestMismatch || kind_ == Kind::kOneRequest) {
      // The client is told why its blob was refused; what cannot be dropped now
      // is found by `expire`.
      static_cast<void>(uploads_.drop(held));
    } else if (error.code != Errc::kNoSpace && error.code != Errc::kQuotaExceeded) {
      held.session().reset();
    }
    return error;
  }

  Uploads& uploads_;
  const RepositoryName repository_;
  std::optional<UploadTable::Hold> hold_;  // none once ended
  const Kind kind_;
  std::optional<std::uint64_t> missing_;  // bytes of the announced chunk still to come
  bool spoilt_ = false;                   // an append failed in a way that may last
};

Result<UploadStatus> Uploads::start(const RepositoryName& repository, Algorithm algorithm) {
  const UploadId id = UploadId::random();
  SHALE_TRY_ASSIGN(UploadTable::Hold held, table_.hold(id));
  SHALE_TRY(metadata_.open_upload({id, repository, clock_.now()}));
  ++begun_;
  ++open_;
  held.session() = stage(id, algorithm);
  return UploadStatus{id, 0};
}

Result<std::unique_ptr<UploadWriter>> Uploads::receive(const RepositoryName& repository,
                                                       Algorithm algorithm) {
  SHALE_TRY_ASSIGN(UploadTable::Hold held, table_.hold(UploadId::random()));
  ++begun_;
  held.session() = stage(held.id(), algorithm);
  return {std::make_unique<Writer>(*this, repository, std::move(held), Writer::Kind::kOneRequest,
                                   std::nullopt)};
}

Result<std::unique_ptr<UploadWriter>> Uploads::write(const RepositoryName& repository,
                                                     const UploadId& id,
                                                     std::optional<ChunkRange> range) {
  std::optional<std::uint64_t> announced;
  if (range) {
    if (range->last < range->first || range->last == std::numeric_limits<std::uint64_t>::max()) {
      return Error{Errc::kInvalidArgument,
                   "Content-Range ends before it begins",
                   {"Content-Range must be <first>-<last>, both included"}};
    }
    announced = range->last - range->first + 1;
  }
  SHALE_TRY_ASSIGN(UploadTable::Hold held, resume(repository, id));
  const std::uint64_t offset = held.session()->offset();
  if (range && range->first != offset) {
    return Error{
        Errc::kUploadRange,
        "chunk at " + std::to_string(range->first) + ", upload at " + std::to_string(offset),
        {"the chunk begins at byte " + std::to_string(range->first) + ", but the next one is " +
         std::to_string(offset)}};
  }
  return {std::make_unique<Writer>(*this, repository, std::move(held), Writer::Kind::kResumable,
                                   announced)};
}

Result<UploadStatus> Uploads::status(const RepositoryName& repository, const UploadId& id) {
  SHALE_TRY(check_owner(repository, id));
  SHALE_TRY_ASSIGN(const auto written, table_.offset_of_held(id));
  if (written) return UploadStatus{id, *written};
  SHALE_TRY_ASSIGN(UploadTable::Hold held, resume(repository, id));
  return UploadStatus{id, held.session()->offset()};
}

Result<void> Uploads::cancel(const RepositoryName& repository, const UploadId& id) {
  SHALE_TRY(check_owner(repository, id));
  // The store lets go of the bytes also while a writer has them open.
  SHALE_TRY_ASSIGN(std::optional<UploadTable::Hold> held, table_.cancel(id));
  if (held) SHALE_TRY(check_owner(repository, id));  // a commit may have ended before it was held
  SHALE_TRY(held ? drop(*held) : drop(id));
  ++cancelled_;
  return {};
}

Result<void> Uploads::check_owner(const RepositoryName& repository, const UploadId& id) const {
  SHALE_TRY_ASSIGN(const index::UploadRow row, metadata_.find_upload(id));
  if (row.repository == repository) return {};
  return Error{Errc::kUploadUnknown, "upload " + id.str() + " belongs to " + row.repository.str()};
}

Result<std::optional<std::string>> Uploads::read_back(const Digest& digest,
                                                      std::uint64_t size) const {
  if (size > kSmallBlobLimit) return std::optional<std::string>();
  SHALE_TRY_ASSIGN(const auto known, metadata_.find_stored_blob(digest));
  if (!known || !known->small) return std::optional<std::string>();
  SHALE_TRY_ASSIGN(const auto file, blobs_.open(digest, size));
  std::string bytes(size, '\0');
  SHALE_TRY(file->read(0, std::as_writable_bytes(std::span(bytes))));
  return std::optional(std::move(bytes));
}

std::unique_ptr<StagedUpload> Uploads::stage(const UploadId& id, Algorithm algorithm) const {
  return std::make_unique<StagedUpload>(blobs_, id, algorithm, small_blob_bytes_);
}

Result<UploadTable::Hold> Uploads::resume(const RepositoryName& repository, const UploadId& id) {
  SHALE_TRY(check_owner(repository, id));
  SHALE_TRY_ASSIGN(UploadTable::Hold held, table_.hold(id));
  if (held.session() == nullptr) {
    // What was hinted at the start is not kept over a restart; sha256 is what
    // nearly all clients end with.
    auto session = blobs_.resume_upload(id, Algorithm::kSha256);
    if (session) {
      held.session() = std::make_unique<StagedUpload>(blobs_, id, *std::move(session));
    } else if (session.error().code == Errc::kUploadUnknown) {
      held.session() = stage(id, Algorithm::kSha256);  // nothing was written yet
    } else {
      return std::move(session).error();
    }
    held.show_offset();
  }
  return held;
}

Result<void> Uploads::drop(UploadTable::Hold& held) {
  held.session().reset();
  return drop(held.id());
}

Result<void> Uploads::drop(const UploadId& id) {
  SHALE_TRY(blobs_.cancel_upload(id));
  const bool has_row = metadata_.find_upload(id).has_value();
  SHALE_TRY(metadata_.close_upload(id));
  if (has_row) --open_;
  return {};
}

Activity Uploads::activity() const noexcept {
  return {.uploads_begun = begun_,
          .uploads_finished = finished_,
          .uploads_cancelled = cancelled_,
          .uploads_expired = expired_,
          .uploads_open = open_};
}

std::size_t Uploads::count_open(const index::MetadataStore& metadata) {
  const auto rows = metadata.list_uploads();
  return rows ? rows->size() : 0;
}

Result<std::size_t> Uploads::expire(std::chrono::seconds idle_for) {
  const Time before = clock_.now() - idle_for;
  SHALE_TRY_ASSIGN(const std::vector<UploadId> idle, list_idle(before));
  std::vector<UploadTable::Hold> held;
  for (const UploadId& id : idle) {
    if (auto hold = table_.hold_idle(id, before)) held.push_back(*std::move(hold));
  }
  if (held.empty()) return std::size_t{0};

  // A request may have written to one of them after the list was made and let go
  // of it before it was held. Now that they are, the answer cannot change again.
  SHALE_TRY_ASSIGN(const std::vector<UploadId> still_idle, list_idle(before));
  std::size_t dropped = 0;
  std::optional<Error> failure;
  for (UploadTable::Hold& hold : held) {
    if (!std::ranges::binary_search(still_idle, hold.id())) continue;
    if (auto done = drop(hold); !done) {
      failure = std::move(done).error();  // one that cannot go is no reason to keep the others
      continue;
    }
    ++dropped;
    ++expired_;
  }
  if (failure) return *std::move(failure);
  return dropped;
}

Result<std::vector<UploadId>> Uploads::list_idle(Time before) const {
  SHALE_TRY_ASSIGN(const auto rows, metadata_.list_uploads());
  SHALE_TRY_ASSIGN(const auto open, blobs_.open_uploads());
  std::map<UploadId, Time> touched;
  for (const index::UploadRow& row : rows)
    touched.emplace(row.id, row.started);
  for (const OpenUpload& upload : open) {
    Time& last = touched.try_emplace(upload.id, upload.modified).first->second;
    last = std::max(last, upload.modified);
  }
  std::vector<UploadId> idle;
  for (const auto& [id, last] : touched) {
    if (last < before) idle.push_back(id);
  }
  return idle;
}

}  // namespace shale::registry
