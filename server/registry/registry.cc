#include "server/registry/registry.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>
#include <variant>

#include "server/registry/linked_blobs.h"
#include "server/registry/manifest_parser.h"
#include "server/registry/pull_log.h"
#include "server/registry/turnstile.h"
#include "server/registry/uploads.h"

namespace shale::registry {

using index::BlobLink;
using index::Reference;
using index::RepositoryName;

namespace {

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
        scrub_desk(scrub, quarantine, time, registry_options.lease,
                   [this] { return read_only.load(); }),
        linked(blob_store, metadata_store, time, collection, quarantine, scrub_desk),
        uploads(blob_store, metadata_store, time, collection.locks(), quarantine, room,
                registry_options.small_blob_bytes) {}

  /// An index may list manifests of types that nobody here has heard of. What is
  /// a manifest of this repository and no blob of it is kept as the former.
  Result<void> settle_index_entries(const RepositoryName& repository, index::Manifest& manifest);

  BlobStore& blobs;
  index::MetadataStore& metadata;
  const Clock& clock;
  Current<Options> options;
  std::atomic<bool> read_only = false;
  Collection collection;
  TagPast past;
  const Room room;
  Quarantine quarantine;
  Scrub scrub;
  ScrubDesk scrub_desk;
  LinkedBlobs linked;
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
  changed.upload_expiry = options.upload_expiry;
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

Result<void> Registry::demand_writable() const {
  if (!read_only()) return {};
  return Error{Errc::kReadOnly, "it is read-only"};
}

Activity Registry::activity() const noexcept {
  Activity activity = state_->uploads.activity();
  state_->linked.count_into(activity);
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
  return state_->linked.find(repository, digest);
}

Result<OpenBlob> Registry::open_blob(const RepositoryName& repository, const Digest& digest) const {
  return state_->linked.open(repository, digest);
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
  return state_->uploads.expire(state_->options.get()->upload_expiry);
}

Result<std::optional<BlobLink>> Registry::mount(const RepositoryName& repository,
                                                const Digest& digest,
                                                const std::optional<RepositoryName>& from,
                                                const MayPull& may_pull) {
  return state_->linked.mount(repository, digest, from, may_pull);
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
  if (!options->allow_sparse) SHALE_TRY(state_->linked.demand_whole(manifest));

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
  if (mode != RunMode::kDry) SHALE_TRY(demand_writable());
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
