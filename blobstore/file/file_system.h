#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <sys/stat.h>
#include <sys/types.h>

namespace shale::file {

/// The system calls that the file driver makes, and the seam where a test puts
/// a layer that counts, fails or forgets what was not synced. Each function does
/// what the call that it names does, with the answer of the kernel: what the call
/// returns, or a negative errno. Names are relative to the directory descriptor
/// `directory`, which may be AT_FDCWD. Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// openat; O_CLOEXEC is added.
  virtual int open_at(int directory, const char* name, int flags, ::mode_t mode) = 0;
  virtual void close(int descriptor) = 0;
  /// pread and pwrite; may do less than asked.
  virtual ::ssize_t read_at(int descriptor, std::span<std::byte> into, std::uint64_t offset) = 0;
  virtual ::ssize_t write_at(int descriptor, std::span<const std::byte> bytes,
                             std::uint64_t offset) = 0;
  /// ftruncate
  virtual int truncate(int descriptor, std::uint64_t size) = 0;
  /// fchmod
  virtual int set_mode(int descriptor, ::mode_t mode) = 0;
  /// flock, exclusive and without waiting.
  virtual int lock(int descriptor) = 0;

  /// sync_file_range: hands bytes to the disk without waiting for it.
  virtual int start_write_back(int descriptor, std::uint64_t offset, std::uint64_t length) = 0;
  /// sync_file_range: hands over everything there is and waits. Promises nothing
  /// about a power cut, but does tell of bytes that could not be written.
  virtual int finish_write_back(int descriptor) = 0;
  /// fdatasync
  virtual int sync_data(int descriptor) = 0;
  /// fsync; for directories.
  virtual int sync(int descriptor) = 0;

  /// fstat, and fstatat without following a link.
  virtual int status(int descriptor, struct ::stat& status) = 0;
  virtual int status_at(int directory, const char* name, struct ::stat& status) = 0;
  /// faccessat with the effective ids: may entries be made and removed in `directory`?
  virtual int may_write(int directory) = 0;
  /// fstatvfs: bytes that an unprivileged process may still write.
  virtual int free_space(int descriptor, std::uint64_t& free) = 0;

  virtual int make_directory_at(int directory, const char* name, ::mode_t mode) = 0;
  virtual int rename_at(int from_directory, const char* from, int to_directory, const char* to) = 0;
  virtual int unlink_at(int directory, const char* name) = 0;
};

/// The real thing; lives as long as the process and has no state.
FileSystem& posix_file_system();

/// What was synced.
enum class Synced : std::uint8_t { kFile, kDirectory };
/// Told how long each sync took, on the thread that made it.
using SyncTimes = std::function<void(Synced what, std::chrono::nanoseconds)>;

/// The real thing, but it takes no descriptor of the number `descriptors` or above: the
/// answer is -EMFILE then. The kernel gives out the lowest number that is free, so the
/// ones from there on stay for those parts of the program that must not run out.
std::unique_ptr<FileSystem> posix_file_system_below(int descriptors, SyncTimes times = {});

}  // namespace shale::file
