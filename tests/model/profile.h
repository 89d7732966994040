#pragma once

#include <cstddef>
#include <string>

namespace shale::testing::model {

/// Where the distribution-spec leaves a registry a choice that changes what later
/// requests find, or lets it leave something out altogether. What only looks
/// different is for `deviations.h`. The defaults are Shale's.
struct Profile {
  std::size_t page_size = 1000;       ///< entries of one page at most
  std::size_t catalog_default = 100;  ///< entries of a catalog page without `n`
  std::size_t tags_per_push = 100;
  std::size_t manifest_bytes = std::size_t{4} << 20;

  // Choices. The other way round:
  bool single_post = true;          ///< the body is ignored and an upload begun
  bool mount_from_anywhere = true;  ///< a blob is mounted only from where `from` says
  bool refuses_bad_mounts = true;   ///< one with a malformed digest or name begins an upload
  bool keeps_named_blobs = true;    ///< DELETE takes a blob that a manifest names
  bool deletes_tags = true;         ///< DELETE of a tag is refused

  // What is there at all; the sequences leave out what is not.
  bool sha512 = true;
  bool referrers = true;
  bool tag_parameters = true;
  bool listing_pages = true;  ///< `n` and `last`
  bool checks_chunk_order = true;
  bool checks_chunk_length = true;
  bool checks_ranges = true;          ///< 416 to a range outside the blob
  bool any_manifest_type = true;      ///< besides the four of OCI and Docker
  bool refusals_keep_nothing = true;  ///< of a manifest whose digest in the path is none
  bool strict_manifests = true;       ///< refuses what the manifest's own specification forbids,
                                      ///< and sizes that are not those of what is there
  bool lone_layers = true;            ///< non-distributable layers need not be there
  bool blobs_in_indexes = true;
  bool holds_uploads = true;  ///< 409 to a second writer
};

/// Debian's docker-registry 2.8.2. All of it read off its answers and its source.
inline Profile docker_registry() {
  Profile profile;
  // The spec lets a registry answer 202 to a POST with a digest (end-4b).
  profile.single_post = false;
  // A mount without `from` is the registry's choice (end-11), and so is what comes
  // of a source that lacks a blob which the target has.
  profile.mount_from_anywhere = false;
  // A mount that is not understood falls back to an upload.
  profile.refuses_bad_mounts = false;
  // The spec does not say whether a blob that a manifest names may be deleted.
  profile.keeps_named_blobs = false;
  // The spec lets a registry refuse with 400 or 405; it says 400 DIGEST_INVALID.
  profile.deletes_tags = false;
  // Optional in the spec. It takes the bytes and answers with their sha256.
  profile.sha512 = false;
  // Came with 1.1 of the spec: 404 here.
  profile.referrers = false;
  // Came after 1.1.
  profile.tag_parameters = false;
  // `n` and `last` of a tag list are a MUST, and ignored; in the catalog they
  // count repositories that are long empty, and that is no part of the spec.
  profile.listing_pages = false;
  // A MUST, but 2.8.2 appends whatever comes.
  profile.checks_chunk_order = false;
  profile.checks_chunk_length = false;
  // A range outside the blob gets a body that is shorter than announced.
  profile.checks_ranges = false;
  // Types that it does not know are read as schema 1, and refused.
  profile.any_manifest_type = false;
  // Stores the manifest, and only then fails at the digest, with 500.
  profile.refusals_keep_nothing = false;
  // Reads manifests as Go does: what is missing is empty; and looks at no size. Which
  // of them a registry has to refuse is not said.
  profile.strict_manifests = false;
  // 500.
  profile.lone_layers = false;
  // Whatever an index lists has to be a manifest; the image-spec allows more.
  profile.blobs_in_indexes = false;
  // Two writers to one upload are not kept apart.
  profile.holds_uploads = false;
  return profile;
}

}  // namespace shale::testing::model
