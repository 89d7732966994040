#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <fcntl.h>

#include "blobstore/file/file_system.h"
#include "tests/crash/kill_point.h"

namespace shale::testing {

/// The real file system, where the process may die before and after every call
/// that changes something, and in the middle of a write. Thread-safe.
class KillingFileSystem final : public file::FileSystem {
 public:
  /// `point` must outlive this.
  explicit KillingFileSystem(KillPoint& point) : point_(point) {}

  int open_at(int directory, const char* name, int flags, ::mode_t mode) override {
    const auto open = [&] { return real_.open_at(directory, name, flags, mode); };
    return (flags & O_CREAT) != 0 ? point_.around("create-upload", open) : open();
  }
  void close(int descriptor) override { real_.close(descriptor); }
  ::ssize_t read_at(int descriptor, std::span<std::byte> into, std::uint64_t offset) override {
    return real_.read_at(descriptor, into, offset);
  }
  /// In two halves, as the kernel may do it too.
  ::ssize_t write_at(int descriptor, std::span<const std::byte> bytes,
                     std::uint64_t offset) override {
    return point_.around("write", [&] {
      const auto half = bytes.first((bytes.size() + 1) / 2);
      const ::ssize_t written = real_.write_at(descriptor, half, offset);
      point_.reach("middle-of-write");
      return written;
    });
  }
  int truncate(int descriptor, std::uint64_t size) override {
    return real_.truncate(descriptor, size);
  }
  int set_mode(int descriptor, ::mode_t mode) override {
    return point_.around("set-mode", [&] { return real_.set_mode(descriptor, mode); });
  }
  int lock(int descriptor) override { return real_.lock(descriptor); }
  int start_write_back(int descriptor, std::uint64_t offset, std::uint64_t length) override {
    return real_.start_write_back(descriptor, offset, length);
  }
  int finish_write_back(int descriptor) override {
    return point_.around("rest", [&] { return real_.finish_write_back(descriptor); });
  }
  int sync_data(int descriptor) override {
    return point_.around("sync-data", [&] { return real_.sync_data(descriptor); });
  }
  int sync(int descriptor) override {
    return point_.around("sync-directory", [&] { return real_.sync(descriptor); });
  }
  int status(int descriptor, struct ::stat& status) override {
    return real_.status(descriptor, status);
  }
  int status_at(int directory, const char* name, struct ::stat& status) override {
    return real_.status_at(directory, name, status);
  }
  int may_write(int directory) override { return real_.may_write(directory); }
  int free_space(int descriptor, std::uint64_t& free) override {
    return real_.free_space(descriptor, free);
  }
  int make_directory_at(int directory, const char* name, ::mode_t mode) override {
    return point_.around("make-directory",
                         [&] { return real_.make_directory_at(directory, name, mode); });
  }
  int rename_at(int from_directory, const char* from, int to_directory, const char* to) override {
    return point_.around("rename",
                         [&] { return real_.rename_at(from_directory, from, to_directory, to); });
  }
  int unlink_at(int directory, const char* name) override {
    return point_.around("unlink", [&] { return real_.unlink_at(directory, name); });
  }

 private:
  KillPoint& point_;
  file::FileSystem& real_ = file::posix_file_system();
};

}  // namespace shale::testing
