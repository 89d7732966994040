#include "server/registry/linked_blobs.h"

#include <string>
#include <utility>

#include "blobstore/memory_blob.h"

namespace shale::registry {

using index::BlobLink;
using index::RepositoryName;

namespace {

/// A mount that names no source looks at so many owners of the blob for one that
/// the caller may pull from, and then says that there is none.
constexpr std::size_t kMountSearchPage = 100;
constexpr std::size_t kMountSearchPages = 10;

}  // namespace

Result<BlobLink> LinkedBlobs::find(const RepositoryName& repository, const Digest& digest) {
  SHALE_TRY_ASSIGN(BlobLink link, metadata_.find_blob(repository, digest));
  SHALE_TRY(demand_whole(digest));
  if (!link.doomed) return link;
  // The lease first, then the look: what is there then stays.
  const auto kept = collection_.locks().try_keep(digest);
  if (!kept.owns_lock()) {
    return Error{Errc::kBlobUnknown, digest.str() + " is being collected"};
  }
  collection_.leases().renew(repository, digest);
  return metadata_.find_blob(repository, digest);
}

Result<void> LinkedBlobs::demand_whole(const Digest& digest) const {
  const auto since = quarantine_.since(digest);
  if (!since) return {};
  std::string words = set_aside_words(digest, *since);
  return Error{Errc::kBlobUnknown, words, {words}};
}

Result<OpenBlob> LinkedBlobs::open(const RepositoryName& repository, const Digest& digest) {
  SHALE_TRY_ASSIGN(const BlobLink link, metadata_.find_blob(repository, digest));
  SHALE_TRY(demand_whole(digest));
  auto blob = bytes_of(link);
  if (blob) return OpenBlob{link, *std::move(blob)};
  const Error error = std::move(blob).error();
  if (error.code != Errc::kBlobUnknown && error.code != Errc::kCorrupt) return error;
  // Collected between the two looks?
  SHALE_TRY(metadata_.find_blob(repository, digest));
  set_aside_lost(link);
  return Error{Errc::kBlobUnknown,
               digest.str() + " is linked into " + repository.str() +
                   ", but the store does not have its bytes: " + error.message,
               {"the bytes of " + digest.str() + " are lost: push the blob again"}};
}

void LinkedBlobs::set_aside_lost(const BlobLink& link) {
  scrub_desk_.count_lost();
  // Under the whole lock, so that no push has just brought it back.
  const auto lock = collection_.locks().try_remove(link.digest);
  if (lock.owns_lock() && !bytes_of(link)) quarantine_.add(link.digest, clock_.now());
}

Result<std::unique_ptr<const Blob>> LinkedBlobs::bytes_of(const BlobLink& link) const {
  if (link.size <= kSmallBlobLimit) {
    SHALE_TRY_ASSIGN(auto bytes, metadata_.read_small_blob(link.digest));
    if (bytes && bytes->size() == link.size) {
      return {std::make_unique<MemoryBlob>(std::make_shared<const std::string>(*std::move(bytes)))};
    }
  }
  return blobs_.open(link.digest, link.size);
}

Result<std::optional<BlobLink>> LinkedBlobs::mount(const RepositoryName& repository,
                                                   const Digest& digest,
                                                   const std::optional<RepositoryName>& from,
                                                   const MayPull& may_pull) {
  // Mounting from itself says what a fresh look at the blob would, and renews its lease.
  SHALE_TRY_ASSIGN(auto link, mount_from(repository, repository, digest));
  if (!link && !from) {
    SHALE_TRY_ASSIGN(link, mount_from_any(repository, digest, may_pull));
  } else if (!link && may_pull(*from)) {
    SHALE_TRY_ASSIGN(link, mount_from(*from, repository, digest));
  }
  if (link) {
    ++mounts_;
    mounted_bytes_ += link->size;
  }
  return link;
}

Result<std::optional<BlobLink>> LinkedBlobs::mount_from(const RepositoryName& from,
                                                        const RepositoryName& to,
                                                        const Digest& digest) {
  const auto nothing = std::optional<BlobLink>();
  const auto none_if_unknown = [&](Error error) -> Result<std::optional<BlobLink>> {
    if (error.code == Errc::kBlobUnknown) return nothing;
    return error;
  };
  auto link = metadata_.find_blob(from, digest);
  if (!link) return none_if_unknown(std::move(link).error());
  if (quarantine_.since(digest)) return nothing;
  const auto blob = bytes_of(*link);
  if (!blob && blob.error().code == Errc::kCorrupt) return nothing;
  if (!blob) return none_if_unknown(blob.error());
  auto mounted = metadata_.mount_blob(from, to, digest);
  if (!mounted) return none_if_unknown(std::move(mounted).error());
  return std::optional(*link);
}

Result<std::optional<BlobLink>> LinkedBlobs::mount_from_any(const RepositoryName& to,
                                                            const Digest& digest,
                                                            const MayPull& may_pull) {
  std::string after;
  for (std::size_t pages = 0; pages < kMountSearchPages; ++pages) {
    SHALE_TRY_ASSIGN(const auto page,
                     metadata_.list_repositories_of_blob(digest, after, kMountSearchPage));
    for (const RepositoryName& from : page.items) {
      if (!may_pull(from)) continue;
      SHALE_TRY_ASSIGN(auto link, mount_from(from, to, digest));
      if (link) return link;
    }
    if (!page.more || page.items.empty()) break;
    after = page.items.back().str();
  }
  return std::optional<BlobLink>();
}

Result<void> LinkedBlobs::demand_whole(const index::Manifest& manifest) const {
  if (quarantine_.size() == 0) return {};
  Error error{Errc::kManifestBlobUnknown, "the manifest needs blobs that are set aside"};
  for (const index::Edge& edge : manifest.edges) {
    if (index::points_at_manifest(edge.kind)) continue;
    const auto since = quarantine_.since(edge.target.digest);
    if (since) error.details.push_back(set_aside_words(edge.target.digest, *since));
  }
  if (error.details.empty()) return {};
  return error;
}

void LinkedBlobs::count_into(Activity& activity) const noexcept {
  activity.mounts = mounts_;
  activity.mounted_bytes = mounted_bytes_;
}

}  // namespace shale::registry
