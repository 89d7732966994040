#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "blobstore/blob_store.h"
#include "server/index/metadata_store.h"
#include "server/registry/turnstile.h"

namespace shale::registry {

struct Options;

struct RepositoryUsage {
  index::RepositoryName repository;
  index::Usage usage;
  std::uint64_t in_flight = 0;  ///< bytes of its uploads that have come so far
};

/// What the repositories of a namespace hold together, and those that hold the most.
struct NamespaceUsage {
  index::Usage usage;
  std::uint64_t in_flight = 0;
  std::vector<RepositoryUsage> largest;  ///< by logical bytes, then by name
};

struct StoreReport {
  index::StoreUsage stored;
  index::Usage sum;             ///< over all repositories; `logical`: the weight without sharing
  std::uint64_t in_flight = 0;  ///< also of uploads that no repository is known of
  std::size_t uploads = 0;
  std::vector<RepositoryUsage> largest;
};

struct SharedLayer {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
  std::size_t images = 0;  ///< manifests that have it as a layer, once per repository
  std::size_t repositories = 0;

  friend bool operator==(const SharedLayer&, const SharedLayer&) = default;
};

struct FoundImage {
  index::RepositoryName repository;
  index::Descriptor descriptor;
  std::vector<index::Tag> tags;  ///< its own, and those of the indexes that it is in
  bool by_layers = false;
  bool by_annotation = false;  ///< org.opencontainers.image.base.digest
};

struct FoundImages {
  std::vector<FoundImage> items;  ///< by repository and digest
  bool more = false;              ///< there are others: `UsageReport::kMostImages` are told
};

/// A base image: as one repository has it, or by its digest alone.
struct BaseImage {
  std::optional<index::RepositoryName> repository;
  index::Reference reference;
};

struct QuotaUse {
  index::Quota quota;
  index::Usage used;
};

/// Where the space is: questions about everything that is stored. Borrows what it is made
/// of; cheap to make. Thread-safe. What is called "point reads" is quick; the others scan.
/// Those that read all there is take turns, and answer `kUnavailable` meanwhile.
class UsageReport {
 public:
  /// Which repositories the answer may name.
  using Visible = std::function<bool(const index::RepositoryName&)>;
  static constexpr std::size_t kMostImages = 10'000;

  UsageReport(const BlobStore& blobs, const index::MetadataStore& metadata, Turnstile& scans,
              std::shared_ptr<const Options> options)
      : blobs_(blobs), metadata_(metadata), scans_(scans), options_(std::move(options)) {}

  /// `kNameUnknown`. Costs as much as there are uploads.
  Result<RepositoryUsage> of_repository(const index::RepositoryName& repository) const;
  /// Looks at each repository in it, for the `largest` so many. One without repositories
  /// is no error.
  Result<NamespaceUsage> of_namespace(std::string_view name_space, std::size_t largest) const;
  Result<StoreReport> of_store(std::size_t largest) const;
  /// The two sums of that alone: point reads.
  struct Totals {
    index::StoreUsage stored;
    index::Usage sum;
  };
  Result<Totals> totals() const;
  /// Point reads.
  Result<std::vector<QuotaUse>> quotas() const;

  /// The layers that most images have, at most `limit`: most images first, then most
  /// repositories, then most bytes. Looks at all blobs, and holds no more than `limit`.
  Result<std::vector<SharedLayer>> most_shared_layers(std::size_t limit) const;
  /// Which images name this blob as a layer, config or other part. Costs as much as it finds.
  Result<FoundImages> images_with(const Digest& layer, const Visible& visible) const;
  /// Which images begin with all layers of the base in their order, or say by annotation that
  /// they are built on it; the base itself is none of them. Of an index, each image in it
  /// counts as a base. `kManifestUnknown`, unless it is asked for by digest alone: images may
  /// name one that is not here. Reads all manifests, for the annotations.
  Result<FoundImages> images_on(const BaseImage& base, const Visible& visible) const;

 private:
  struct Base;
  struct Found;
  struct InFlight {
    std::map<std::string, std::uint64_t> by_repository;
    std::uint64_t bytes = 0;
    std::size_t uploads = 0;
    std::uint64_t of(const index::RepositoryName& repository) const;
    std::uint64_t below(std::string_view name_space) const;
  };

  Result<InFlight> in_flight() const;
  Result<std::vector<RepositoryUsage>> largest_below(std::string_view name_space, std::size_t limit,
                                                     const InFlight& in_flight) const;
  /// Calls `look(repository)` with each that there is below, until it returns false.
  Result<void> each_repository(
      std::string_view name_space,
      const std::function<Result<bool>(const index::RepositoryName&)>& look) const;
  Result<void> each_holder(
      const Digest& blob,
      const std::function<Result<bool>(const index::RepositoryName&)>& look) const;
  Result<std::vector<index::Tag>> tags_of(const index::RepositoryName& repository,
                                          const Digest& manifest) const;
  Result<Base> look_up(const BaseImage& base, const Visible& visible) const;
  Result<void> add_to_base(const index::RepositoryName& repository, const Digest& digest,
                           Base& base) const;
  Result<void> find_by_layers(const Base& base, const Visible& visible, Found& found) const;
  Result<void> find_by_annotation(const Base& base, const Visible& visible, Found& found) const;
  Result<FoundImages> told(const Found& found) const;

  const BlobStore& blobs_;
  const index::MetadataStore& metadata_;
  Turnstile& scans_;
  std::shared_ptr<const Options> options_;
};

}  // namespace shale::registry
