#include "server/registry/registry.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>
#include <variant>

#include "blobstore/memory_blob.h"
#include "server/registry/manifest_parser.h"
#include "server/registry/pull_log.h"
#include "server/registry/turnstile.h"
#include "server/registry/uploads.h"

namespace shale::registry {

using index::BlobLink;
using index::Reference;
using index::RepositoryName;

namespace {

/// A mount that names no source looks at so many owners of the blob for one that
/// the caller may pull from, and then says that there is none.
constexpr std::size_t kMountSearchPage = 100;
constexpr std::size_t kMountSearchPages = 10;

/// A manifest costs a multiple of its bytes while it is pushed. Nearly all are
/// smaller than this; of the others, so many are pushed at a time.
constexpr std::size_t kLargeManifest = std::size_t{64} << 10;
constexpr std::size_t kLargeManifestsAtOnce = 2;

Error invalid(Errc code, const std::string& detail) {
  return {code, detail, {detail}};
}

/// The tags that a push moves, each once.
Result<std::vector<index::Tag>> tags_of(const PushManifest& request, std::size_t most) {
  if (const auto* tag = std::get_if<index::Tag>(&request.reference)) {
    if (request.tags.empty()) return std::vector{*tag};
    return invalid(Errc::kInvalidArgument,
                   "tag parameters go with a push by digest, not with one by tag");
  }
  std::vector<index::Tag> tags;
  std::set<index::Tag> seen;
  for (const index::Tag& tag : request.tags) {
    if (seen.insert(tag).second) tags.push_back(tag);
  }
  if (tags.size() > most) {
    return invalid(Errc::kTooManyTags, std::to_string(tags.size()) + " tags in one push, at most " +
                                           std::to_string(most) + " are taken");
  }
  return tags;
}

/// What the manifest will be known by. A tag alone says nothing of the algorithm.
Result<Digest> digest_of(const PushManifest& request) {
  const auto bytes = std::as_bytes(std::span(request.bytes));
  const auto* asked = std::get_if<Digest>(&request.reference);
  if (asked == nullptr) return Digest::of(Algorithm::kSha256, bytes);
  Digest actual = Digest::of(asked->algorithm(), bytes);
  if (actual != *asked) {
    return invalid(Errc::kDigestMismatch,
                   "the manifest is " + actual.str() + ", not " + asked->str());
  }
  return actual;
}

/// A store that cannot tell has none; the next scrub finds them again.
std::vector<Quarantined> set_aside_in(const BlobStore& blobs) {
  auto known = blobs.quarantined();
  return known ? *std::move(known) : std::vector<Quarantined>();
}

}  // namespace

struct Registry::State {
  State(BlobStore& blob_store, index::MetadataStore& metadata_store, const Clock& time,
        const Options& registry_options)
      : blobs(blob_store),
        metadata(metadata_store),
        clock(time),
        options(registry_options),
        collection(blob_store, metadata_store, time, registry_options.lease),
        past(metadata_store),
        room(metadata_store, options),
        quarantine(set_aside_in(blob_store)),
        scrub(blob_store, metadata_store, time, quarantine, collection.locks()),
        scrub_desk(scrub, quarantine, time, registry_options.lease),
        uploads(blob_store, metadata_store, time, collection.locks(), quarantine, room,
                registry_options.upload_expiry, registry_options.small_blob_bytes) {}

  /// A blob of the repository. One that is on its way out has its lease renewed; when it
  /// is just being taken, it is not there, and the client uploads it.
  Result<BlobLink> find_and_renew(const RepositoryName& repository, const Digest& digest);
  /// `kBlobUnknown` for a blob that is set aside as damaged.
  Result<void> demand_whole(const Digest& digest) const;
  /// A pull found the bytes gone or of another size: nobody is told any more that they are
  /// here, so that the next push brings them back. Does not wait.
  void set_aside_lost(const BlobLink& link);
  /// `kManifestBlobUnknown` when the manifest needs what is set aside.
  Result<void> demand_whole(const index::Manifest& manifest) const;
  /// The bytes of a blob: `kBlobUnknown` when they are gone, `kCorrupt` when they are
  /// not as many.
  Result<std::unique_ptr<const Blob>> open(const BlobLink& link) const;
  /// Links a blob of `from`, unless it has none or the store has lost the bytes:
  /// an upload then brings them back.
  Result<std::optional<BlobLink>> mount_from(const RepositoryName& from, const RepositoryName& to,
                                             const Digest& digest);
  Result<std::optional<BlobLink>> mount_from_any(const RepositoryName& to, const Digest& digest,
                                                 const MayPull& may_pull);
  /// An index may list manifests of types that nobody here has heard of. What is
  /// a manifest of this repository and no blob of it is kept as the former.
  Result<void> settle_index_entries(const RepositoryName& repository, index::Manifest& manifest);

  BlobStore& blobs;
  index::MetadataStore& metadata;
  const Clock& clock;
  Current<Options> options;
  std::atomic<bool> read_only = false;
  std::atomic<std::uint64_t> mounts = 0;
  std::atomic<std::uint64_t> mounted_bytes = 0;
  Collection collection;
  TagPast past;
  const Room room;
  Quarantine quarantine;
  Scrub scrub;
  ScrubDesk scrub_desk;
  PullLog pulls;
  Uploads uploads;
  Turnstile large_manifests{kLargeManifestsAtOnce};
  Turnstile reports{1};  ///< those that read everything
};

Registry::Registry(BlobStore& blobs, index::MetadataStore& metadata, const Clock& clock,
                   const Options& options)
    : state_(std::make_unique<State>(blobs, metadata, clock, options)) {}
Registry::~Registry() = default;

std::shared_ptr<const Options> Registry::options() const {
  return state_->options.get();
}

void Registry::adjust(const Options& options) {
  Options changed = *state_->options.get();
  changed.allow_sparse = options.allow_sparse;
  changed.deletes = options.deletes;
  changed.manifest_bytes = options.manifest_bytes;
  changed.tags_per_push = options.tags_per_push;
  changed.quotas = options.quotas;
  changed.rules = options.rules;
  state_->options.replace(std::move(changed));
}

void Registry::set_read_only(bool on) noexcept {
  state_->read_only = on;
}

bool Registry::read_only() const noexcept {
  return state_->read_only;
}

Activity Registry::activity() const noexcept {
  Activity activity = state_->uploads.activity();
  activity.mounts = state_->mounts;
  activity.mounted_bytes = state_->mounted_bytes;
  return activity;
}

index::Sequence Registry::sequence() const {
  return state_->metadata.sequence();
}

TagPast& Registry::past() const noexcept {
  return state_->past;
}

UsageReport Registry::usage_report() const {
  return {state_->blobs, state_->metadata, state_->reports, state_->options.get()};
}

// --- pull ---

Result<index::Descriptor> Registry::stat_manifest(const RepositoryName& repository,
                                                  const Reference& reference) const {
  auto found = state_->metadata.find_manifest(repository, reference);
  if (found) state_->pulls.note(repository, found->digest, state_->clock.now());
  return found;
}

Result<index::StoredManifest> Registry::read_manifest(const RepositoryName& repository,
                                                      const Reference& reference) const {
  auto found = state_->metadata.read_manifest(repository, reference);
  if (found) state_->pulls.note(repository, found->descriptor.digest, state_->clock.now());
  return found;
}

Result<BlobLink> Registry::stat_blob(const RepositoryName& repository, const Digest& digest) const {
  return state_->find_and_renew(repository, digest);
}

Result<BlobLink> Registry::State::find_and_renew(const RepositoryName& repository,
                                                 const Digest& digest) {
  SHALE_TRY_ASSIGN(BlobLink link, metadata.find_blob(repository, digest));
  SHALE_TRY(demand_whole(digest));
  if (!link.doomed) return link;
  // The lease first, then the look: what is there then stays.
  const auto kept = collection.locks().try_keep(digest);
  if (!kept.owns_lock()) {
    return Error{Errc::kBlobUnknown, digest.str() + " is being collected"};
  }
  collection.leases().renew(repository, digest);
  return metadata.find_blob(repository, digest);
}

Result<void> Registry::State::demand_whole(const Digest& digest) const {
  const auto since = quarantine.since(digest);
  if (!since) return {};
  return invalid(Errc::kBlobUnknown, set_aside_words(digest, *since));
}

Result<OpenBlob> Registry::open_blob(const RepositoryName& repository, const Digest& digest) const {
  SHALE_TRY_ASSIGN(const BlobLink link, state_->metadata.find_blob(repository, digest));
  SHALE_TRY(state_->demand_whole(digest));
  auto blob = state_->open(link);
  if (blob) return OpenBlob{link, *std::move(blob)};
  const Error error = std::move(blob).error();
  if (error.code != Errc::kBlobUnknown && error.code != Errc::kCorrupt) return error;
  // Collected between the two looks?
  SHALE_TRY(state_->metadata.find_blob(repository, digest));
  state_->set_aside_lost(link);
  return Error{Errc::kBlobUnknown,
               digest.str() + " is linked into " + repository.str() +
                   ", but the store does not have its bytes: " + error.message,
               {"the bytes of " + digest.str() + " are lost: push the blob again"}};
}

void Registry::State::set_aside_lost(const BlobLink& link) {
  scrub_desk.count_lost();
  // Under the whole lock, so that no push has just brought it back.
  const auto lock = collection.locks().try_remove(link.digest);
  if (lock.owns_lock() && !open(link)) quarantine.add(link.digest, clock.now());
}

Result<std::unique_ptr<const Blob>> Registry::State::open(const BlobLink& link) const {
  if (link.size <= kSmallBlobLimit) {
    SHALE_TRY_ASSIGN(auto bytes, metadata.read_small_blob(link.digest));
    if (bytes && bytes->size() == link.size) {
      return {std::make_unique<MemoryBlob>(std::make_shared<const std::string>(*std::move(bytes)))};
    }
  }
  return blobs.open(link.digest, link.size);
}

// --- push ---

Result<void> Registry::admit_blob(const RepositoryName& repository, const Digest& digest,
                                  std::uint64_t bytes) const {
  return state_->room.admit(repository, digest, bytes);
}

Result<void> Registry::admit_chunk(const RepositoryName& repository, const UploadId& id,
                                   const std::optional<Digest>& digest, std::uint64_t bytes) {
  if (state_->options.get()->quotas.empty()) return {};
  const auto upload = state_->uploads.status(repository, id);
  if (!upload) return {};
  return state_->room.admit(repository, digest, upload->offset + bytes);
}

Result<UploadStatus> Registry::start_upload(const RepositoryName& repository, Algorithm algorithm) {
  return state_->uploads.start(repository, algorithm);
}

Result<std::unique_ptr<UploadWriter>> Registry::receive_blob(const RepositoryName& repository,
                                                             Algorithm algorithm) {
  return state_->uploads.receive(repository, algorithm);
}

Result<std::unique_ptr<UploadWriter>> Registry::write_upload(const RepositoryName& repository,
                                                             const UploadId& id,
                                                             std::optional<ChunkRange> range) {
  return state_->uploads.write(repository, id, range);
}

Result<UploadStatus> Registry::upload_status(const RepositoryName& repository, const UploadId& id) {
  return state_->uploads.status(repository, id);
}

Result<void> Registry::cancel_upload(const RepositoryName& repository, const UploadId& id) {
  SHALE_TRY(demand_enabled(state_->options.get()->deletes.uploads, "uploads"));
  return state_->uploads.cancel(repository, id);
}

Result<std::size_t> Registry::expire_uploads() {
  if (read_only()) return std::size_t{0};
  return state_->uploads.expire();
}

Result<std::optional<BlobLink>> Registry::mount(const RepositoryName& repository,
                                                const Digest& digest,
                                                const std::optional<RepositoryName>& from,
                                                const MayPull& may_pull) {
  // Mounting from itself says what a fresh look at the blob would, and renews its lease.
  SHALE_TRY_ASSIGN(auto link, state_->mount_from(repository, repository, digest));
  if (!link && !from) {
    SHALE_TRY_ASSIGN(link, state_->mount_from_any(repository, digest, may_pull));
  } else if (!link && may_pull(*from)) {
    SHALE_TRY_ASSIGN(link, state_->mount_from(*from, repository, digest));
  }
  if (link) {
    ++state_->mounts;
    state_->mounted_bytes += link->size;
  }
  return link;
}

Result<std::optional<BlobLink>> Registry::State::mount_from(const RepositoryName& from,
                                                            const RepositoryName& to,
                                                            const Digest& digest) {
  const auto nothing = std::optional<BlobLink>();
  const auto none_if_unknown = [&](Error error) -> Result<std::optional<BlobLink>> {
    if (error.code == Errc::kBlobUnknown) return nothing;
    return error;
  };
  auto link = metadata.find_blob(from, digest);
  if (!link) return none_if_unknown(std::move(link).error());
  if (quarantine.since(digest)) return nothing;
  const auto blob = open(*link);
  if (!blob && blob.error().code == Errc::kCorrupt) return nothing;
  if (!blob) return none_if_unknown(blob.error());
  auto mounted = metadata.mount_blob(from, to, digest);
  if (!mounted) return none_if_unknown(std::move(mounted).error());
  return std::optional(*link);
}

Result<std::optional<BlobLink>> Registry::State::mount_from_any(const RepositoryName& to,
                                                                const Digest& digest,
                                                                const MayPull& may_pull) {
  std::string after;
  for (std::size_t pages = 0; pages < kMountSearchPages; ++pages) {
    SHALE_TRY_ASSIGN(const auto page,
                     metadata.list_repositories_of_blob(digest, after, kMountSearchPage));
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

Result<PushedManifest> Registry::push_manifest(const PushManifest& request) {
  const auto options = state_->options.get();
  if (request.bytes.size() > options->manifest_bytes) {
    return invalid(Errc::kManifestTooLarge,
                   "the manifest has " + std::to_string(request.bytes.size()) + " bytes, at most " +
                       std::to_string(options->manifest_bytes) + " are taken");
  }
  SHALE_TRY_ASSIGN(std::vector<index::Tag> tags, tags_of(request, options->tags_per_push));
  SHALE_TRY_ASSIGN(const Digest digest, digest_of(request));
  std::optional<Turnstile::Turn> turn;  // to the end: the parsed manifest is large as well
  if (request.bytes.size() > kLargeManifest) turn.emplace(state_->large_manifests);
  SHALE_TRY_ASSIGN(index::Manifest manifest,
                   parse_manifest(digest, request.content_type, request.bytes));
  SHALE_TRY(state_->settle_index_entries(request.repository, manifest));
  if (!options->allow_sparse) SHALE_TRY(state_->demand_whole(manifest));

  PushedManifest pushed{.digest = digest, .subject = {}, .tags = tags};
  const auto subject =
      std::ranges::find(manifest.edges, index::EdgeKind::kSubject, &index::Edge::kind);
  if (subject != manifest.edges.end()) pushed.subject = subject->target.digest;
  SHALE_TRY(state_->metadata.put_manifest({.repository = request.repository,
                                           .manifest = std::move(manifest),
                                           .tags = std::move(tags),
                                           .actor = request.actor,
                                           .allow_missing = options->allow_sparse,
                                           .tag_moves = request.tag_moves,
                                           .condition = request.condition}));
  return pushed;
}

Result<void> Registry::State::demand_whole(const index::Manifest& manifest) const {
  if (quarantine.size() == 0) return {};
  Error error{Errc::kManifestBlobUnknown, "the manifest needs blobs that are set aside"};
  for (const index::Edge& edge : manifest.edges) {
    if (index::points_at_manifest(edge.kind)) continue;
    const auto since = quarantine.since(edge.target.digest);
    if (since) error.details.push_back(set_aside_words(edge.target.digest, *since));
  }
  if (error.details.empty()) return {};
  return error;
}

Result<void> Registry::State::settle_index_entries(const RepositoryName& repository,
                                                   index::Manifest& manifest) {
  for (index::Edge& edge : manifest.edges) {
    if (edge.kind != index::EdgeKind::kBlob) continue;
    const auto blob = metadata.find_blob(repository, edge.target.digest);
    if (blob) continue;
    if (blob.error().code != Errc::kBlobUnknown) return blob.error();
    if (metadata.find_manifest(repository, edge.target.digest)) {
      edge.kind = index::EdgeKind::kManifest;
    }
  }
  return {};
}

// --- discover ---

Result<index::Page<index::Tag>> Registry::list_tags(const RepositoryName& repository,
                                                    std::string_view after,
                                                    std::size_t limit) const {
  return state_->metadata.list_tags(repository, after, limit);
}

Result<index::Page<RepositoryName>> Registry::list_repositories(std::string_view after,
                                                                std::size_t limit) const {
  return state_->metadata.list_repositories(after, limit);
}

Result<index::Page<index::Referrer>> Registry::list_referrers(
    const RepositoryName& repository, const Digest& subject,
    const index::ReferrersQuery& query) const {
  return state_->metadata.list_referrers(repository, subject, query);
}

// --- delete ---

Result<void> Registry::delete_manifest(const RepositoryName& repository, const Reference& reference,
                                       const index::By& by) {
  const Deletes deletes = state_->options.get()->deletes;
  if (const auto* tag = std::get_if<index::Tag>(&reference)) {
    SHALE_TRY(demand_enabled(deletes.tags, "tags"));
    SHALE_TRY(state_->metadata.delete_tag(repository, *tag, by));
  } else {
    SHALE_TRY(demand_enabled(deletes.manifests, "manifests"));
    SHALE_TRY(state_->metadata.delete_manifest(repository, std::get<Digest>(reference), by));
  }
  return {};
}

Deletions Registry::deletions() const {
  return {state_->metadata, state_->uploads, state_->options.get()};
}

// --- keep ---

std::shared_ptr<const Rules> Registry::rules() const {
  return state_->options.get()->rules;
}

Result<std::vector<Retained>> Registry::run_retention(const RepositoryName& repository,
                                                      RunMode mode) {
  SHALE_TRY(store_pulls());
  return registry::run_retention(state_->metadata, *rules(), repository, state_->clock.now(), mode,
                                 [this](const RepositoryName& where, const Digest& digest) {
                                   return state_->pulls.has(where, digest);
                                 });
}

Result<void> Registry::store_pulls() {
  if (read_only()) return {};
  return state_->metadata.record_pulls(state_->pulls.take());
}

Result<void> Registry::delete_blob(const RepositoryName& repository, const Digest& digest) {
  SHALE_TRY(demand_enabled(state_->options.get()->deletes.blobs, "blobs"));
  SHALE_TRY(state_->metadata.delete_blob(repository, digest));
  return {};
}

// --- collection ---

Result<CollectReport> Registry::collect(CollectWhat what, std::size_t limit) {
  if (read_only()) return CollectReport{};
  return state_->collection.run(what, limit);
}

CollectReport Registry::collected() const noexcept {
  return state_->collection.totals();
}

ScrubDesk& Registry::scrub_desk() const noexcept {
  return state_->scrub_desk;
}

}  // namespace shale::registry
