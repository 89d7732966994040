#include "tests/crash/failing_disk.h"

#include <doctest/doctest.h>

namespace shale::testing {

std::optional<Error> FailingDisk::try_start() {
  // In the order of `shale serve`.
  auto metadata = index::RocksMetadataStore::open(
      {.path = root_ / "metadata", .clock = clock_, .environment = &environment.get()});
  if (!metadata) return metadata.error();
  auto blobs = FileBlobStore::open({.root = root_.path(), .reserve = 0, .files = &files});
  if (!blobs) return blobs.error();
  metadata_ = *std::move(metadata);
  blobs_ = *std::move(blobs);
  server_.emplace(*this);
  return std::nullopt;
}

std::vector<std::string> FailingDisk::verify() {
  std::vector<std::string> wrong = verify_store(root_.path(), *metadata_).findings;
  // Files have the time of this machine.
  clock_.set(SystemClock().now() + 2 * registry().options()->upload_expiry);
  if (const auto swept = registry().expire_uploads(); !swept)
    wrong.push_back("uploads cannot be expired: " + swept.error().message);
  const StoreReport after = verify_store(root_.path(), *metadata_);
  wrong.insert(wrong.end(), after.findings.begin(), after.findings.end());
  if (after.uploads > 0) wrong.push_back(std::to_string(after.uploads) + " uploads do not expire");
  return wrong;
}

std::unique_ptr<HeldRequest> FailingDisk::hold(std::string_view /*head*/,
                                               std::string_view /*body*/) {
  FAIL("no request is held here");
  return nullptr;
}

}  // namespace shale::testing
