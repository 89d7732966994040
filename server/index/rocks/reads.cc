#include "server/index/referrer_page.h"
#include "server/index/rocks/counters.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

using rocks::Database;
using rocks::Family;
using rocks::Scan;
using rocks::View;
namespace keys = rocks::keys;

Error damaged(const std::string& what) {
  return {Errc::kCorrupt, what};
}

Error unknown(const RepositoryName& repository, const Reference& reference) {
  const auto* digest = std::get_if<Digest>(&reference);
  const std::string name = digest == nullptr ? std::get<Tag>(reference).str() : digest->str();
  return {Errc::kManifestUnknown, name + " is not in " + repository.str()};
}

/// The digest a reference stands for, or none.
Result<std::optional<Digest>> resolve(const View& view, const RepositoryName& repository,
                                      const Reference& reference) {
  if (const auto* digest = std::get_if<Digest>(&reference)) {
    return std::optional(*digest);
  }
  const std::string key = keys::tag(repository, std::get<Tag>(reference));
  SHALE_TRY_ASSIGN(const auto row, view.row<rocks::TagRow>(Family::kTags, key));
  return row ? std::optional(row->digest) : std::nullopt;
}

/// `kManifestUnknown` when the reference leads nowhere; `kCorrupt` when it leads
/// to a row that is not there.
Result<Descriptor> find_in(const View& view, const RepositoryName& repository,
                           const Reference& reference) {
  SHALE_TRY_ASSIGN(const std::optional<Digest> digest, resolve(view, repository, reference));
  if (!digest) {
    return unknown(repository, reference);
  }
  SHALE_TRY_ASSIGN(auto link, view.row<rocks::ManifestLinkRow>(Family::kManifestLinks,
                                                               keys::link(repository, *digest)));
  if (link) {
    return Descriptor{*digest, std::move(link->media_type), link->size};
  }
  if (std::holds_alternative<Digest>(reference)) {
    return unknown(repository, reference);
  }
  return damaged("a tag of " + repository.str() + " names " + digest->str() +
                 ", which is not there");
}

Result<StoredManifest> read_in(const View& view, const RepositoryName& repository,
                               const Reference& reference) {
  SHALE_TRY_ASSIGN(Descriptor descriptor, find_in(view, repository, reference));
  SHALE_TRY_ASSIGN(const auto value,
                   view.get(Family::kManifests, keys::content(descriptor.digest)));
  if (!value) {
    return damaged("the bytes of " + descriptor.digest.str() + " are not there");
  }
  SHALE_TRY_ASSIGN(std::string bytes, rocks::decode_content(*value));
  return StoredManifest{std::move(descriptor), std::move(bytes)};
}

/// Reads row after row. A commit may come in between, so that the second row is
/// gone that the first one promised; only then the reading is done again in a
/// snapshot, where a missing row is damage indeed. (A snapshot for every read
/// would take RocksDB's mutex twice each.)
template <class Read>
auto read_consistently(const Database& database, Read read) {
  auto result = read(View(database));
  if (!result && result.error().code == Errc::kCorrupt) {
    result = read(View(database, View::Moment::kSnapshot));
  }
  return result;
}

/// Names in the keys of a scan, up to `limit` of them.
template <class Name>
Result<Page<Name>> page_of(Scan& scan, std::size_t limit) {
  Page<Name> page;
  for (; scan.valid() && page.items.size() < limit; scan.next()) {
    Result<Name> name = Name::parse(scan.key());
    if (!name) {
      return damaged("a key holds an impossible name: " + name.error().message);
    }
    page.items.push_back(*std::move(name));
  }
  page.more = limit > 0 && scan.valid();
  SHALE_TRY(scan.status());
  return page;
}

Result<UploadRow> upload_row(const UploadId& id, const rocks::UploadValue& value) {
  Result<RepositoryName> repository = RepositoryName::parse(value.repository);
  if (!repository) {
    return damaged("upload " + id.str() + ": " + repository.error().message);
  }
  return UploadRow{id, *std::move(repository), value.started};
}

/// Where a scan begins that wants what is strictly behind `after`: nothing fits
/// between a text and the same with a NUL.
std::string behind(std::string_view after) {
  return after.empty() ? std::string() : std::string(after) + '\0';
}

}  // namespace

// --- point reads ---

Result<Descriptor> RocksMetadataStore::find_manifest(const RepositoryName& repository,
                                                     const Reference& reference) const {
  return read_consistently(*state_->database,
                           [&](const View& view) { return find_in(view, repository, reference); });
}

Result<StoredManifest> RocksMetadataStore::read_manifest(const RepositoryName& repository,
                                                         const Reference& reference) const {
  return read_consistently(*state_->database,
                           [&](const View& view) { return read_in(view, repository, reference); });
}

Result<BlobLink> RocksMetadataStore::find_blob(const RepositoryName& repository,
                                               const Digest& digest) const {
  SHALE_TRY_ASSIGN(const auto row, View(*state_->database)
                                       .row<rocks::BlobLinkRow>(Family::kBlobLinks,
                                                                keys::link(repository, digest)));
  if (!row || row->hidden) {
    return Error{Errc::kBlobUnknown, digest.str() + " is not in " + repository.str()};
  }
  return BlobLink{digest, row->size, row->due.has_value()};
}

Result<std::optional<std::string>> RocksMetadataStore::read_small_blob(const Digest& digest) const {
  SHALE_TRY_ASSIGN(const auto value,
                   View(*state_->database).get(Family::kSmallBlobs, keys::content(digest)));
  if (!value) {
    return std::optional<std::string>();
  }
  SHALE_TRY_ASSIGN(std::string bytes, rocks::decode_content(*value));
  return std::optional(std::move(bytes));
}

Result<std::optional<StoredBlob>> RocksMetadataStore::find_stored_blob(const Digest& digest) const {
  SHALE_TRY_ASSIGN(
      const auto row,
      View(*state_->database).row<rocks::BlobRow>(Family::kBlobs, keys::content(digest)));
  if (!row) return std::optional<StoredBlob>();
  return std::optional(StoredBlob{digest, row->size, row->small});
}

Result<bool> RocksMetadataStore::repository_exists(const RepositoryName& repository) const {
  return View(*state_->database).has(Family::kRepositories, keys::repository(repository));
}

Result<UploadRow> RocksMetadataStore::find_upload(const UploadId& id) const {
  SHALE_TRY_ASSIGN(
      const auto row,
      View(*state_->database).row<rocks::UploadValue>(Family::kUploads, keys::upload(id)));
  if (!row) {
    return Error{Errc::kUploadUnknown, "no upload " + id.str()};
  }
  return upload_row(id, *row);
}

Result<Usage> RocksMetadataStore::usage(const RepositoryName& repository) const {
  SHALE_TRY_ASSIGN(
      const auto value,
      View(*state_->database).get(Family::kUsage, keys::of_repository(repository.str())));
  return value ? rocks::decode_usage(*value) : Usage{};
}

Result<StoreUsage> RocksMetadataStore::store_usage() const {
  SHALE_TRY_ASSIGN(const auto value,
                   View(*state_->database).get(Family::kUsage, keys::of_repository("")));
  return value ? rocks::decode_store_usage(*value) : StoreUsage{};
}

// --- scans ---

Result<Page<Tag>> RocksMetadataStore::list_tags(const RepositoryName& repository,
                                                std::string_view after, std::size_t limit) const {
  SHALE_TRY_ASSIGN(const bool exists, repository_exists(repository));
  if (!exists) {
    return Error{Errc::kNameUnknown, "no repository " + repository.str()};
  }
  const View view(*state_->database);
  Scan scan(view, Family::kTags, keys::of_repository(repository.str()), behind(after));
  return page_of<Tag>(scan, limit);
}

Result<Page<RepositoryName>> RocksMetadataStore::list_repositories(std::string_view after,
                                                                   std::size_t limit) const {
  const View view(*state_->database);
  Scan scan(view, Family::kRepositories, {}, behind(after));
  return page_of<RepositoryName>(scan, limit);
}

Result<bool> RocksMetadataStore::is_held_elsewhere(const RepositoryName& repository,
                                                   const Digest& digest) const {
  const View view(*state_->database);
  for (const Family holders : {Family::kBlobRepositories, Family::kManifestRepositories}) {
    Scan scan(view, holders, keys::content(digest));
    for (; scan.valid(); scan.next()) {
      if (scan.key() != repository.str()) {
        return true;
      }
    }
    SHALE_TRY(scan.status());
  }
  return false;
}

Result<Page<RepositoryName>> RocksMetadataStore::list_repositories_of_blob(
    const Digest& digest, std::string_view after, std::size_t limit) const {
  const View view(*state_->database);
  Page<RepositoryName> page;
  Scan scan(view, Family::kBlobRepositories, keys::content(digest), behind(after));
  for (; scan.valid(); scan.next()) {
    Result<RepositoryName> name = RepositoryName::parse(scan.key());
    if (!name) {
      return damaged("a holder of " + digest.str() + " has a damaged key");
    }
    SHALE_TRY_ASSIGN(const auto link,
                     view.row<rocks::BlobLinkRow>(Family::kBlobLinks, keys::link(*name, digest)));
    if (!link || link->hidden) {
      continue;
    }
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    page.items.push_back(*std::move(name));
  }
  SHALE_TRY(scan.status());
  return page;
}

Result<Page<Referrer>> RocksMetadataStore::list_referrers(const RepositoryName& repository,
                                                          const Digest& subject,
                                                          const ReferrersQuery& query) const {
  const View view(*state_->database);
  ReferrerPage page(query);
  const std::string from = query.after ? behind(keys::content(*query.after)) : std::string();
  Scan scan(view, Family::kEdgesTo, keys::edges_to(repository, subject, EdgeKind::kSubject), from);
  for (; scan.valid(); scan.next()) {
    rocks::Decoder key(scan.key());
    const std::optional<Digest> digest = key.digest();
    if (!digest || !key.finished()) {
      return damaged("a referrer of " + subject.str() + " has a damaged key");
    }
    SHALE_TRY_ASSIGN(auto row, rocks::decode<rocks::ReferrerRow>(scan.value()));
    if (!page.offer({{*digest, std::move(row.media_type), row.size},
                     std::move(row.artifact_type),
                     std::move(row.annotations)})) {
      break;
    }
  }
  SHALE_TRY(scan.status());
  return std::move(page).take();
}

Result<std::vector<TagMove>> RocksMetadataStore::tag_history(const RepositoryName& repository,
                                                             const Tag& tag,
                                                             std::size_t limit) const {
  const View view(*state_->database);
  std::vector<TagMove> moves;
  Scan scan(view, Family::kHistory, keys::history_of(repository, tag));
  for (; scan.valid() && moves.size() < limit; scan.next()) {
    rocks::Decoder key(scan.key());
    const Sequence sequence = keys::sequence_of_inverted(key.u64());
    if (!key.finished()) {
      return damaged("the history of " + tag.str() + " has a damaged key");
    }
    SHALE_TRY_ASSIGN(auto row, rocks::decode<rocks::TagMoveRow>(scan.value()));
    moves.push_back({sequence, row.time, std::move(row.actor), row.digest});
  }
  SHALE_TRY(scan.status());
  return moves;
}

Result<std::vector<Doomed>> RocksMetadataStore::list_doomed(Time now, std::size_t limit,
                                                            const DoomedQuery& query) const {
  const View view(*state_->database);
  std::vector<Doomed> due;
  Scan scan(view, Family::kDoomed, {}, query.after ? behind(keys::doomed(*query.after)) : "");
  for (; scan.valid() && due.size() < limit; scan.next()) {
    SHALE_TRY_ASSIGN(Doomed row, keys::parse_doomed(scan.key()));
    if (row.due > now + query.early) {
      break;
    }
    if (row.due <= now || is_leased(row.kind)) {
      due.push_back(std::move(row));
    }
  }
  SHALE_TRY(scan.status());
  return due;
}

Result<std::vector<UploadRow>> RocksMetadataStore::list_uploads() const {
  const View view(*state_->database);
  std::vector<UploadRow> rows;
  Scan scan(view, Family::kUploads, {});
  for (; scan.valid(); scan.next()) {
    const Result<UploadId> id = UploadId::parse(scan.key());
    if (!id) {
      return damaged("an upload has a damaged key");
    }
    SHALE_TRY_ASSIGN(const auto value, rocks::decode<rocks::UploadValue>(scan.value()));
    SHALE_TRY_ASSIGN(UploadRow row, upload_row(*id, value));
    rows.push_back(std::move(row));
  }
  SHALE_TRY(scan.status());
  return rows;
}

}  // namespace shale::index
