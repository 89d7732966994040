#include "tests/crash/power_client.h"

#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "tests/support/bytes.h"

namespace shale::testing::power {
namespace {

constexpr const char* kActor = "tester";

/// What another client may have brought about.
template <class T>
Result<void> unless_explained(const Result<T>& result) {
  if (result) return {};
  switch (result.error().code) {
    case Errc::kNameUnknown:
    case Errc::kBlobUnknown:
    case Errc::kBlobReferenced:
    case Errc::kManifestUnknown:
    case Errc::kManifestBlobUnknown:
    case Errc::kUploadUnknown:
      return {};
    default:
      return result.error();
  }
}

}  // namespace

Result<void> Client::step() {
  const index::RepositoryName& repository = any(universe_.repositories);
  const std::size_t dice = below(100);
  if (dice < 25)
    return push_image(repository, below(universe_.manifests.size()), any(universe_.tags));
  if (dice < 45) return push_blob(repository, any(universe_.blobs));
  if (dice < 55) {
    return unless_explained(registry_.mount(repository, any(universe_.blobs).digest,
                                            any(universe_.repositories),
                                            [](const index::RepositoryName&) { return true; }));
  }
  if (dice < 65)
    return push_manifest(repository, below(universe_.manifests.size()), any(universe_.tags));
  if (dice < 75) return give_up_upload(repository, any(universe_.blobs));
  return delete_something(repository);
}

Result<void> Client::push_image(const index::RepositoryName& repository, std::size_t number,
                                const index::Tag& tag) {
  const PlannedManifest& manifest = universe_.manifests[number];
  for (const std::size_t blob : manifest.blobs) {
    const Content& needed = universe_.blobs[blob];
    if (!registry_.stat_blob(repository, needed.digest)) SHALE_TRY(push_blob(repository, needed));
  }
  for (const std::size_t child : manifest.manifests)
    SHALE_TRY(push_image(repository, child, tag));
  return push_manifest(repository, number, tag);
}

Result<void> Client::push_blob(const index::RepositoryName& repository, const Content& blob) {
  return below(2) == 0 ? push_at_once(repository, blob) : push_in_chunks(repository, blob);
}

Result<void> Client::push_at_once(const index::RepositoryName& repository, const Content& blob) {
  SHALE_TRY_ASSIGN(const auto writer, registry_.receive_blob(repository, blob.digest.algorithm()));
  SHALE_TRY(writer->append(bytes(blob.bytes)));
  SHALE_TRY(writer->commit(blob.digest));
  return {};
}

Result<void> Client::push_in_chunks(const index::RepositoryName& repository, const Content& blob) {
  SHALE_TRY_ASSIGN(const auto upload, registry_.start_upload(repository, Algorithm::kSha256));
  const std::string_view all = blob.bytes;
  const std::size_t cut = below(all.size() + 1);
  for (const std::string_view piece :
       {all.substr(0, cut / 2), all.substr(cut / 2, cut - cut / 2)}) {
    SHALE_TRY_ASSIGN(const auto writer, registry_.write_upload(repository, upload.id, {}));
    SHALE_TRY(writer->append(bytes(piece)));
    SHALE_TRY(writer->pause());
  }
  SHALE_TRY_ASSIGN(const auto writer, registry_.write_upload(repository, upload.id, {}));
  SHALE_TRY(writer->append(bytes(all.substr(cut))));
  SHALE_TRY(writer->commit(blob.digest));
  return {};
}

Result<void> Client::push_manifest(const index::RepositoryName& repository, std::size_t number,
                                   const index::Tag& tag) {
  const PlannedManifest& manifest = universe_.manifests[number];
  const bool by_digest = below(3) == 0;
  return unless_explained(registry_.push_manifest(
      {.repository = repository,
       .reference = by_digest ? index::Reference(manifest.content.digest) : index::Reference(tag),
       .tags = by_digest ? std::vector{tag, any(universe_.tags)} : std::vector<index::Tag>(),
       .content_type = manifest.media_type,
       .bytes = manifest.content.bytes,
       .actor = kActor}));
}

/// An upload that is left lying, cancelled, or ends with the wrong digest.
Result<void> Client::give_up_upload(const index::RepositoryName& repository, const Content& blob) {
  SHALE_TRY_ASSIGN(const auto upload, registry_.start_upload(repository, Algorithm::kSha256));
  {
    SHALE_TRY_ASSIGN(const auto writer, registry_.write_upload(repository, upload.id, {}));
    SHALE_TRY(writer->append(bytes(blob.bytes)));
    switch (below(3)) {
      case 0: {
        const auto committed = writer->commit(digest_of("something else"));
        if (!committed && committed.error().code == Errc::kDigestMismatch) return {};
        return Error{Errc::kCorrupt, "a wrong digest was taken"};
      }
      case 1:
        SHALE_TRY(writer->pause());
        return {};
      default:
        break;
    }
  }
  return registry_.cancel_upload(repository, upload.id);
}

Result<void> Client::delete_something(const index::RepositoryName& repository) {
  switch (below(4)) {
    case 0:
      return unless_explained(registry_.delete_manifest(repository, any(universe_.tags), kActor));
    case 3:
      return unless_explained(registry_.deletions().restore(
          repository, any(universe_.manifests).content.digest, kActor));
    case 1:
      return unless_explained(
          registry_.delete_manifest(repository, any(universe_.manifests).content.digest, kActor));
    default:
      return unless_explained(registry_.delete_blob(repository, any(universe_.blobs).digest));
  }
}

}  // namespace shale::testing::power
