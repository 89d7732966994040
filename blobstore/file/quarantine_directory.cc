#include "blobstore/file/quarantine_directory.h"

#include <cerrno>
#include <string>
#include <utility>

#include <fcntl.h>

#include "blobstore/file/directories.h"

namespace shale::file {
namespace {

constexpr const char* kName = "quarantine";
constexpr ::mode_t kFileMode = 0440;

bool is_there(const File& parent, const std::string& name) {
  struct ::stat status{};
  return parent.files().status_at(parent.descriptor(), name.c_str(), status) == 0;
}

Result<void> sync(const File& directory) {
  const int done = directory.files().sync(directory.descriptor());
  if (done < 0) return system_error(-done, "sync", directory.path());
  return {};
}

}  // namespace

Result<std::unique_ptr<QuarantineDirectory>> QuarantineDirectory::open(File root) {
  std::unique_ptr<QuarantineDirectory> opened(new QuarantineDirectory(std::move(root)));
  for (const auto algorithm : {Algorithm::kSha256, Algorithm::kSha512})
    SHALE_TRY(opened->read(algorithm));
  return opened;
}

Result<std::optional<File>> QuarantineDirectory::directory_of(Algorithm algorithm,
                                                              Missing missing) const {
  const std::string name(algorithm_name(algorithm));
  if (missing == Missing::kLeave && !is_there(root_, kName)) return std::optional<File>();
  SHALE_TRY_ASSIGN(auto quarantine, open_directory(root_, kName));
  if (missing == Missing::kLeave) {
    if (!is_there(quarantine, name)) return std::optional<File>();
    SHALE_TRY_ASSIGN(auto found, open_directory(quarantine, name));
    return std::optional(std::move(found));
  }
  SHALE_TRY_ASSIGN(auto directory, open_directory(quarantine, name));
  // Each time: one that is there may have been made by a process that died before this.
  SHALE_TRY(sync(quarantine));
  SHALE_TRY(sync(root_));
  return std::optional(std::move(directory));
}

Result<void> QuarantineDirectory::read(Algorithm algorithm) {
  SHALE_TRY_ASSIGN(const auto directory, directory_of(algorithm, Missing::kLeave));
  if (!directory) return {};
  SHALE_TRY_ASSIGN(const auto names, list_names(*directory));
  auto since = since_.lock();
  for (const std::string& hex : names) {
    const auto digest = Digest::parse(std::string(algorithm_name(algorithm)) + ":" + hex);
    struct ::stat status{};
    if (!digest || root_.files().status_at(directory->descriptor(), hex.c_str(), status) < 0) {
      continue;  // nothing of ours
    }
    since->emplace(*digest, time_of(status.st_ctim));  // a rename leaves the other times
  }
  count_ = since->size();
  return {};
}

// The directory that the name comes to is synced before the one that it goes from: a power
// cut in between leaves the blob where it was, or in both, and never in none.
Result<void> QuarantineDirectory::take_in(BlobDirectory& blobs, const Digest& digest) {
  SHALE_TRY_ASSIGN(const auto made, directory_of(digest.algorithm(), Missing::kMake));
  if (!made) return Error{Errc::kIo, root_.path() + " has no quarantine"};  // it was made
  const File& directory = *made;
  const std::string name = digest.hex();
  SHALE_TRY_ASSIGN(const bool moved, blobs.move_out(digest, directory, name));
  if (!moved) {
    const int descriptor = directory.files().open_at(directory.descriptor(), name.c_str(),
                                                     O_RDONLY | O_CREAT | O_NOFOLLOW, kFileMode);
    const std::string path = directory.path() + "/" + name;
    if (descriptor < 0) return system_error(-descriptor, "create", path);
    directory.files().close(descriptor);
  }
  struct ::stat status{};
  const int looked = directory.files().status_at(directory.descriptor(), name.c_str(), status);
  {
    auto since = since_.lock();
    since->insert_or_assign(digest, looked < 0 ? Time() : time_of(status.st_ctim));
    count_ = since->size();
  }
  SHALE_TRY(sync(directory));
  if (moved) SHALE_TRY(blobs.sync_removal(digest));
  return {};
}

Result<void> QuarantineDirectory::release(const Digest& digest) {
  if (!holds(digest)) return {};
  SHALE_TRY_ASSIGN(const auto directory, directory_of(digest.algorithm(), Missing::kLeave));
  if (directory) {
    const int done = directory->files().unlink_at(directory->descriptor(), digest.hex().c_str());
    if (done < 0 && done != -ENOENT) {
      return system_error(-done, "remove", directory->path() + "/" + digest.hex());
    }
  }
  auto since = since_.lock();
  since->erase(digest);
  count_ = since->size();
  return {};
}

std::vector<Quarantined> QuarantineDirectory::list() const {
  std::vector<Quarantined> all;
  const auto since = since_.lock();
  for (const auto& [digest, time] : *since)
    all.push_back({digest, time});
  return all;
}

bool QuarantineDirectory::holds(const Digest& digest) const {
  return count_.load() != 0 && since_.lock()->contains(digest);
}

}  // namespace shale::file
