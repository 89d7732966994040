#include "server/registry/staged_upload.h"

#include <utility>

namespace shale::registry {

Result<void> StagedUpload::append(std::span<const std::byte> bytes) {
  if (session_ != nullptr) return session_->append(bytes);
  if (bytes_.size() + bytes.size() <= small_) {
    SHALE_TRY(blobs_.admit(bytes.size()));
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  SHALE_TRY_ASSIGN(auto session, write_out());
  SHALE_TRY(session->append(bytes));
  session_ = std::move(session);
  bytes_ = {};
  return {};
}

Result<std::optional<std::string>> StagedUpload::commit(const Digest& expected) {
  if (session_ != nullptr) {
    SHALE_TRY(session_->commit(expected));
    return std::optional<std::string>();
  }
  const Digest actual = Digest::of(expected.algorithm(), std::as_bytes(std::span(bytes_)));
  if (actual != expected) {
    return Error{Errc::kDigestMismatch, "upload " + id_.str() + " of " +
                                            std::to_string(bytes_.size()) + " bytes is " +
                                            actual.str() + ", expected " + expected.str()};
  }
  return std::optional(bytes_);
}

Result<void> StagedUpload::rest() {
  if (session_ != nullptr) return session_->rest();
  if (copied_ == bytes_.size()) return {};
  if (auto copy = write_out(); !copy) {
    bytes_.resize(copied_);
    return std::move(copy).error();
  }
  return {};
}

void StagedUpload::drop() noexcept {
  session_.reset();
  bytes_.clear();
  static_cast<void>(blobs_.cancel_upload(id_));
}

Result<std::unique_ptr<UploadSession>> StagedUpload::write_out() {
  SHALE_TRY_ASSIGN(auto session, begin_or_resume());
  const auto rest = std::as_bytes(std::span(bytes_)).subspan(session->offset());
  if (auto written = session->append(rest); !written) {
    session.reset();
    if (copied_ == 0) static_cast<void>(blobs_.cancel_upload(id_));
    return std::move(written).error();
  }
  copied_ = bytes_.size();
  return session;
}

Result<std::unique_ptr<UploadSession>> StagedUpload::begin_or_resume() {
  // A copy is gone on with and not made anew, so that a crash in here leaves at least
  // what was there when a chunk was acknowledged.
  if (copied_ > 0) {
    SHALE_TRY_ASSIGN(auto session, blobs_.resume_upload(id_, algorithm_));
    if (session->offset() <= bytes_.size()) return session;
    copied_ = 0;  // a write that failed left more than could be taken back
  }
  // An attempt that failed may have left something that is in the way now.
  if (tried_) SHALE_TRY(blobs_.cancel_upload(id_));
  tried_ = true;
  return blobs_.begin_upload(id_, algorithm_);
}

}  // namespace shale::registry
