#include <cerrno>
#include <cstdio>
#include <limits>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "blobstore/file/file_system.h"

namespace shale::file {
namespace {

/// Makes the call again while a signal interrupts it. Not for `close` and the
/// syncs: after those a second call would answer for something else.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto done = call();
    if (done >= 0) return done;
    if (errno != EINTR) return static_cast<decltype(done)>(-errno);
  }
}

int once(int done) {
  return done < 0 ? -errno : done;
}

class PosixFileSystem final : public FileSystem {
 public:
  explicit PosixFileSystem(int descriptors, SyncTimes times = {})
      : descriptors_(descriptors), times_(std::move(times)) {}

  int open_at(int directory, const char* name, int flags, ::mode_t mode) override {
    const int opened =
        uninterrupted([&] { return ::openat(directory, name, flags | O_CLOEXEC, mode); });
    if (opened < descriptors_) return opened;
    ::close(opened);
    if ((flags & O_EXCL) != 0) ::unlinkat(directory, name, 0);  // as if it had not been made
    return -EMFILE;
  }
  void close(int descriptor) override { ::close(descriptor); }

  ::ssize_t read_at(int descriptor, std::span<std::byte> into, std::uint64_t offset) override {
    return uninterrupted([&] {
      return ::pread(descriptor, into.data(), into.size(), static_cast<::off_t>(offset));
    });
  }
  ::ssize_t write_at(int descriptor, std::span<const std::byte> bytes,
                     std::uint64_t offset) override {
    return uninterrupted([&] {
      return ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<::off_t>(offset));
    });
  }
  int truncate(int descriptor, std::uint64_t size) override {
    return uninterrupted([&] { return ::ftruncate(descriptor, static_cast<::off_t>(size)); });
  }
  int set_mode(int descriptor, ::mode_t mode) override { return once(::fchmod(descriptor, mode)); }
  int lock(int descriptor) override {
    return uninterrupted([&] { return ::flock(descriptor, LOCK_EX | LOCK_NB); });
  }

  int start_write_back(int descriptor, std::uint64_t offset, std::uint64_t length) override {
    return once(::sync_file_range(descriptor, static_cast<::off_t>(offset),
                                  static_cast<::off_t>(length), SYNC_FILE_RANGE_WRITE));
  }
  int finish_write_back(int descriptor) override {
    const int done = ::sync_file_range(
        descriptor, 0, 0,  // 0 bytes: up to the end
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    // Where a filesystem does not have it, the stronger call answers as well.
    if (done < 0 && (errno == ENOSYS || errno == EINVAL || errno == ESPIPE)) {
      return sync_data(descriptor);
    }
    return once(done);
  }
  int sync_data(int descriptor) override {
    return timed(Synced::kFile, [&] { return once(::fdatasync(descriptor)); });
  }
  int sync(int descriptor) override {
    return timed(Synced::kDirectory, [&] { return once(::fsync(descriptor)); });
  }

  int status(int descriptor, struct ::stat& status) override {
    return once(::fstat(descriptor, &status));
  }
  int status_at(int directory, const char* name, struct ::stat& status) override {
    return once(::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW));
  }
  int may_write(int directory) override {
    return once(::faccessat(directory, ".", W_OK | X_OK, AT_EACCESS));
  }
  int free_space(int descriptor, std::uint64_t& free) override {
    struct ::statvfs status{};
    const int done = uninterrupted([&] { return ::fstatvfs(descriptor, &status); });
    if (done == 0) free = std::uint64_t{status.f_bavail} * status.f_frsize;
    return done;
  }

  int make_directory_at(int directory, const char* name, ::mode_t mode) override {
    return once(::mkdirat(directory, name, mode));
  }
  int rename_at(int from_directory, const char* from, int to_directory, const char* to) override {
    return once(::renameat(from_directory, from, to_directory, to));
  }
  int unlink_at(int directory, const char* name) override {
    return once(::unlinkat(directory, name, 0));
  }

 private:
  template <class Call>
  int timed(Synced what, Call call) const {
    if (!times_) return call();
    const auto begun = std::chrono::steady_clock::now();
    const int done = call();
    times_(what, std::chrono::steady_clock::now() - begun);
    return done;
  }

  const int descriptors_;
  const SyncTimes times_;
};

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem files(std::numeric_limits<int>::max());
  return files;
}

std::unique_ptr<FileSystem> posix_file_system_below(int descriptors, SyncTimes times) {
  return std::make_unique<PosixFileSystem>(descriptors, std::move(times));
}

}  // namespace shale::file
