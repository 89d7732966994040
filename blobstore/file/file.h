#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "blobstore/file/file_system.h"
#include "blobstore/result.h"

namespace shale::file {

/// Says that `operation` on `path` failed with the errno `error`: the one place
/// where system errors become ours. Out of space or quota is `kNoSpace`; out of
/// descriptors or memory is `kUnavailable`; anything else is `kIo`, so callers
/// that expect ENOENT or EEXIST look for it first.
Error system_error(int error, std::string_view operation, std::string_view path);

/// An open file or directory, closed when this goes. Like a descriptor: reads
/// may run at the same time on several threads, the rest is for one at a time.
class File {
 public:
  /// Takes over `descriptor`. `path` is for messages; `files` outlives this.
  File(FileSystem& files, int descriptor, std::string path) noexcept
      : files_(&files), descriptor_(descriptor), path_(std::move(path)) {}
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File() { close(); }

  int descriptor() const noexcept { return descriptor_; }
  bool is_open() const noexcept { return descriptor_ >= 0; }
  const std::string& path() const noexcept { return path_; }
  FileSystem& files() const noexcept { return *files_; }

  void close() noexcept;

  /// Reads until `into` is full or the file ends; returns how much.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const;
  /// Writes all; after an error some of it may be there.
  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  Result<void> truncate(std::uint64_t size);
  Result<struct ::stat> status() const;

  Result<void> finish_write_back();
  Result<void> sync_data();
  Result<void> sync();

 private:
  Error error(::ssize_t answer, std::string_view operation) const;

  FileSystem* files_;
  int descriptor_;
  std::string path_;
};

}  // namespace shale::file
