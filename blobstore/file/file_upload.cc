#include "blobstore/file/file_upload.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace shale::file {
namespace {

/// How much may wait in memory before the disk is told to begin: enough for long
/// writes, little enough that the sync at the end is short.
constexpr std::uint64_t kWriteBackBytes = std::uint64_t{8} << 20;
constexpr ::mode_t kReadOnly = 0444;
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

}  // namespace

Result<void> hash_file(const File& file, std::uint64_t size, Hasher& hasher) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(size, kReadBytes));
  for (std::uint64_t offset = 0; offset < size;) {
    const auto wanted =
        std::span(buffer).first(std::min<std::uint64_t>(size - offset, buffer.size()));
    SHALE_TRY_ASSIGN(const std::size_t count, file.read_at(offset, wanted));
    if (count == 0) {
      return Error{Errc::kCorrupt, file.path() + " ends at " + std::to_string(offset) +
                                       ", not at " + std::to_string(size)};
    }
    hasher.update(wanted.first(count));
    offset += count;
  }
  return {};
}

FileUpload::FileUpload(Shared& shared, UploadId id, File file, Hasher hasher, std::uint64_t offset)
    : shared_(shared),
      id_(std::move(id)),
      file_(std::move(file)),
      hasher_(std::move(hasher)),
      offset_(offset),
      handed_over_(offset) {}

Result<void> FileUpload::append(std::span<const std::byte> bytes) {
  SHALE_TRY(wake());
  if (bytes.empty()) return {};
  SHALE_TRY(shared_.reserve.take(bytes.size()));
  if (auto written = file_.write_at(offset_, bytes); !written) {
    surplus_ = true;
    static_cast<void>(drop_surplus());  // else before the commit
    return written;
  }
  hasher_.update(bytes);
  offset_ += bytes.size();
  if (offset_ - handed_over_ >= kWriteBackBytes) start_write_back();
  return {};
}

Result<void> FileUpload::commit(const Digest& expected) {
  SHALE_TRY(wake());
  SHALE_TRY(drop_surplus());
  SHALE_TRY_ASSIGN(const auto status, file_.status());
  if (static_cast<std::uint64_t>(status.st_size) != offset_) {
    return Error{Errc::kCorrupt, file_.path() + " has " + std::to_string(status.st_size) +
                                     " bytes, received " + std::to_string(offset_)};
  }
  SHALE_TRY_ASSIGN(const Digest actual, digest(expected.algorithm()));
  if (actual != expected) {
    return Error{Errc::kDigestMismatch, "upload " + id_.str() + " of " + std::to_string(offset_) +
                                            " bytes is " + actual.str() + ", expected " +
                                            expected.str()};
  }

  // The order is the durability promise: first the bytes, then the name, then
  // the directory that holds the name. A crash between two steps leaves an upload
  // to resume or a blob that nobody refers to, never half a blob. Renaming over
  // an existing blob is harmless, because equal names mean equal bytes, and it
  // mends one that was damaged.
  // The place is opened first: what may fail for reasons of its own does so while
  // the upload is still one, and no write error after the rename can escape it.
  SHALE_TRY_ASSIGN(auto place, shared_.blobs(expected.algorithm()).place(expected));
  if (auto synced = file_.sync_data(); !synced) return condemned(synced.error());
  if (auto moved = place.move_in(shared_.uploads.directory(), id_.str()); !moved) {
    if (moved.error().code == Errc::kUploadUnknown) end();
    return moved;
  }
  // Against slips of administrators. Nothing depends on it, so neither on the answer.
  static_cast<void>(file_.files().set_mode(file_.descriptor(), status.st_mode & kReadOnly));
  end();
  SHALE_TRY(place.sync());
  // What is damaged has served. Should it stay, the next start sees that the blob is back.
  static_cast<void>(shared_.quarantine->release(expected));
  return {};
}

void FileUpload::end() {
  state_ = State::kSpent;
  file_.close();
}

Result<void> FileUpload::rest() {
  if (state_ == State::kCondemned) return was_condemned();
  if (state_ == State::kSpent || !file_.is_open()) return {};
  static_cast<void>(drop_surplus());
  // The kernel tells of a failed write to whoever has the file open. Closed, the
  // failure could be forgotten with the inode, and the commit would not learn of it.
  if (auto written = file_.finish_write_back(); !written) return condemned(written.error());
  handed_over_ = offset_;
  file_.close();
  return {};
}

Result<void> FileUpload::wake() {
  switch (state_) {
    case State::kOpen:
      break;
    case State::kSpent:
      return Error{Errc::kUploadUnknown, "upload " + id_.str() + " has ended"};
    case State::kCondemned:
      return was_condemned();
  }
  if (file_.is_open()) return {};

  auto opened = shared_.uploads.open(id_);
  if (!opened) {
    if (opened.error().code == Errc::kUploadUnknown) state_ = State::kSpent;
    return std::move(opened).error();
  }
  SHALE_TRY_ASSIGN(const auto status, opened->status());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < offset_ || (size > offset_ && !surplus_)) {
    return Error{Errc::kCorrupt, opened->path() + " has " + std::to_string(size) +
                                     " bytes, received " + std::to_string(offset_)};
  }
  file_ = *std::move(opened);
  return {};
}

Result<Digest> FileUpload::digest(Algorithm algorithm) const {
  if (algorithm == hasher_.algorithm()) return hasher_.finish();
  Hasher late(algorithm);
  SHALE_TRY(hash_file(file_, offset_, late));
  return late.finish();
}

Result<void> FileUpload::drop_surplus() {
  if (!surplus_) return {};
  SHALE_TRY(file_.truncate(offset_));
  surplus_ = false;
  return {};
}

void FileUpload::start_write_back() {
  // Only a hint: an error comes again at the sync.
  static_cast<void>(
      file_.files().start_write_back(file_.descriptor(), handed_over_, offset_ - handed_over_));
  handed_over_ = offset_;
}

Error FileUpload::condemned(const Error& cause) {
  state_ = State::kCondemned;
  shared_.uploads.condemn(id_);
  file_.close();  // only now, because it lets others in
  return cause;
}

Error FileUpload::was_condemned() const {
  return {Errc::kIo, "upload " + id_.str() + " was dropped after a write error"};
}

}  // namespace shale::file
