#include "blobstore/file/file.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace shale::file {
namespace {

Errc code_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Errc::kNoSpace;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Errc::kUnavailable;
    default:
      return Errc::kIo;
  }
}

/// What the operator can do about it; empty when the system's words say it.
std::string_view advice(int error) {
  switch (error) {
    case ENOSPC:
      return " (free space or inodes on this filesystem)";
    case EDQUOT:
      return " (raise the quota or remove data)";
    case EROFS:
      return " (mount the filesystem writable; after disk errors the kernel makes it read-only)";
    case EACCES:
    case EPERM:
      return " (give the user that runs shale access to it)";
    case EMFILE:
      return " (raise the limit on open files of this process)";
    case EIO:
      return " (look for disk errors in the kernel's log)";
    default:
      return "";
  }
}

}  // namespace

Error system_error(int error, std::string_view operation, std::string_view path) {
  std::string message = "cannot ";
  message.append(operation).append(" ").append(path).append(": ");
  message.append(std::generic_category().message(error)).append(advice(error));
  return Error{code_of(error), std::move(message)};
}

File::File(File&& other) noexcept
    : files_(other.files_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close();
    files_ = other.files_;
    descriptor_ = std::exchange(other.descriptor_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

void File::close() noexcept {
  // Its answer is worth nothing: what matters was synced before.
  if (is_open()) files_->close(std::exchange(descriptor_, -1));
}

Error File::error(::ssize_t answer, std::string_view operation) const {
  return system_error(static_cast<int>(-answer), operation, path_);
}

Result<std::size_t> File::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const ::ssize_t count = files_->read_at(descriptor_, into.subspan(done), offset + done);
    if (count < 0) return error(count, "read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<void> File::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ::ssize_t count = files_->write_at(descriptor_, bytes, offset);
    if (count < 0) return error(count, "write");
    if (count == 0) return error(-EIO, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> File::truncate(std::uint64_t size) {
  if (const int done = files_->truncate(descriptor_, size); done < 0) {
    return error(done, "truncate");
  }
  return {};
}

Result<struct ::stat> File::status() const {
  struct ::stat status{};
  if (const int done = files_->status(descriptor_, status); done < 0) return error(done, "stat");
  return status;
}

Result<void> File::finish_write_back() {
  if (const int done = files_->finish_write_back(descriptor_); done < 0) {
    return error(done, "write back");
  }
  return {};
}

Result<void> File::sync_data() {
  if (const int done = files_->sync_data(descriptor_); done < 0) return error(done, "sync");
  return {};
}

Result<void> File::sync() {
  if (const int done = files_->sync(descriptor_); done < 0) return error(done, "sync");
  return {};
}

}  // namespace shale::file
