#pragma once

#include <map>

#include "blobstore/file/file_system.h"
#include "tests/crash/power_journal.h"

namespace shale::testing::power {

/// The real file system for blobs, with what it does noted in a journal, which
/// outlives this. Write-back is no sync: it promises nothing. Thread-safe.
class BlobFiles final : public file::FileSystem {
 public:
  explicit BlobFiles(Journal& journal) : journal_(journal) {}

  int open_at(int directory, const char* name, int flags, ::mode_t mode) override;
  void close(int descriptor) override;
  ::ssize_t read_at(int descriptor, std::span<std::byte> into, std::uint64_t offset) override {
    return real_.read_at(descriptor, into, offset);
  }
  ::ssize_t write_at(int descriptor, std::span<const std::byte> bytes,
                     std::uint64_t offset) override;
  int truncate(int descriptor, std::uint64_t size) override;
  int set_mode(int descriptor, ::mode_t mode) override { return real_.set_mode(descriptor, mode); }
  int lock(int descriptor) override { return real_.lock(descriptor); }
  int start_write_back(int /*descriptor*/, std::uint64_t /*offset*/,
                       std::uint64_t /*length*/) override {
    return 0;
  }
  int finish_write_back(int /*descriptor*/) override { return 0; }
  int sync_data(int descriptor) override { return sync(descriptor); }
  int sync(int descriptor) override;
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
  int make_directory_at(int directory, const char* name, ::mode_t mode) override;
  int rename_at(int from_directory, const char* from, int to_directory, const char* to) override;
  int unlink_at(int directory, const char* name) override;

 private:
  // Under the journal's lock, as `open_` is.
  std::optional<Place> place(const Tree& tree, int directory, const char* name) const;
  std::optional<Node> node(int descriptor) const;

  Journal& journal_;
  file::FileSystem& real_ = file::posix_file_system();
  std::map<int, Node> open_;
};

}  // namespace shale::testing::power
