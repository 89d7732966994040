#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "server/index/rocks/keys.h"
#include "server/index/rocks/state.h"

namespace shale::index {
namespace {

using rocks::Family;
using rocks::Scan;
using rocks::View;
namespace keys = rocks::keys;

Error damaged(const std::string& what) {
  return {Errc::kCorrupt, what};
}

/// Where a scan of digests begins that wants those strictly behind `after`.
std::string behind(const std::optional<Digest>& after) {
  return after ? keys::content(*after) + '\0' : std::string();
}

Result<Digest> digest_in(std::string_view key, const std::string& what) {
  rocks::Decoder decoder(key);
  const std::optional<Digest> digest = decoder.digest();
  if (!digest || !decoder.finished()) {
    return damaged(what + " has a damaged key");
  }
  return *digest;
}

/// What follows (repository, digest) in the key of an edge, in either direction.
Result<Parent> end_of_edge(std::string_view key, const Digest& of) {
  rocks::Decoder decoder(key);
  const auto kind = static_cast<EdgeKind>(decoder.u8());
  const std::optional<Digest> digest = decoder.digest();
  if (!digest || !decoder.finished()) {
    return damaged("an edge of " + of.str() + " has a damaged key");
  }
  return Parent{kind, *digest};
}

}  // namespace

Result<Page<ListedManifest>> RocksMetadataStore::list_manifests(const RepositoryName& repository,
                                                                const std::optional<Digest>& after,
                                                                std::size_t limit) const {
  const View view(*state_->database, View::Moment::kSnapshot);
  const std::string prefix = keys::of_repository(repository.str());
  const std::string from = behind(after);
  Scan links(view, Family::kManifestLinks, prefix, from);
  Scan pulls(view, Family::kPulls, prefix, from);
  Page<ListedManifest> page;
  for (; links.valid() && page.items.size() < limit; links.next()) {
    SHALE_TRY_ASSIGN(const Digest digest, digest_in(links.key(), "a manifest"));
    SHALE_TRY_ASSIGN(auto row, rocks::decode<rocks::ManifestLinkRow>(links.value()));
    ListedManifest listed{.descriptor = {digest, std::move(row.media_type), row.size},
                          .artifact_type = std::move(row.artifact_type),
                          .pushed = row.time,
                          .pulled = std::nullopt};
    while (pulls.valid() && pulls.key() < links.key()) {
      pulls.next();
    }
    if (pulls.valid() && pulls.key() == links.key()) {
      SHALE_TRY_ASSIGN(const auto pull, rocks::decode<rocks::PullRow>(pulls.value()));
      listed.pulled = pull.time;
    }
    page.items.push_back(std::move(listed));
  }
  page.more = limit > 0 && links.valid();
  SHALE_TRY(links.status());
  SHALE_TRY(pulls.status());
  return page;
}

Result<std::vector<Tag>> RocksMetadataStore::list_tags_of(const RepositoryName& repository,
                                                          const Digest& digest) const {
  const View view(*state_->database);
  std::vector<Tag> tags;
  Scan scan(view, Family::kTagTargets, keys::link(repository, digest));
  for (; scan.valid(); scan.next()) {
    Result<Tag> tag = Tag::parse(scan.key());
    if (!tag) {
      return damaged("a tag of " + digest.str() + " has a damaged key");
    }
    tags.push_back(*std::move(tag));
  }
  SHALE_TRY(scan.status());
  return tags;
}

Result<std::vector<Edge>> RocksMetadataStore::list_edges(const RepositoryName& repository,
                                                         const Digest& digest) const {
  const View view(*state_->database);
  std::vector<Edge> edges;
  Scan scan(view, Family::kEdges, keys::link(repository, digest));
  for (; scan.valid(); scan.next()) {
    SHALE_TRY_ASSIGN(const Parent child, end_of_edge(scan.key(), digest));
    SHALE_TRY_ASSIGN(auto row, rocks::decode<rocks::EdgeRow>(scan.value()));
    edges.push_back({keys::of_present(child.kind),
                     {child.digest, std::move(row.media_type), row.size},
                     row.must_exist});
  }
  SHALE_TRY(scan.status());
  return edges;
}

Result<std::vector<Parent>> RocksMetadataStore::list_parents(const RepositoryName& repository,
                                                             const Digest& digest) const {
  const View view(*state_->database);
  std::vector<Parent> parents;
  Scan scan(view, Family::kEdgesTo, keys::link(repository, digest));
  for (; scan.valid(); scan.next()) {
    SHALE_TRY_ASSIGN(const Parent parent, end_of_edge(scan.key(), digest));
    if (keys::is_of_deleted(parent.kind)) {
      break;
    }
    parents.push_back(parent);
  }
  SHALE_TRY(scan.status());
  return parents;
}

/// A few at a time in the commit section, so that no manifest goes between the look for it
/// and the write, and no commit waits for long.
Result<void> RocksMetadataStore::record_pulls(const std::vector<Pull>& pulls) {
  constexpr std::size_t kAtOnce = 128;
  for (std::size_t first = 0; first < pulls.size(); first += kAtOnce) {
    const std::span<const Pull> some =
        std::span(pulls).subspan(first, std::min(kAtOnce, pulls.size() - first));
    const auto section = state_->section.lock();
    const View view(*state_->database);
    rocksdb::WriteBatch batch;
    std::map<std::string, Time> newest;
    for (const Pull& pull : some) {
      const std::string key = keys::link(pull.repository, pull.digest);
      SHALE_TRY_ASSIGN(const bool there, view.has(Family::kManifestLinks, key));
      SHALE_TRY_ASSIGN(const auto before, view.row<rocks::PullRow>(Family::kPulls, key));
      const auto [known, first_of_it] =
          newest.try_emplace(key, before ? before->time : Time::min());
      if (!there || pull.time <= known->second) {
        continue;
      }
      known->second = pull.time;
      batch.Put(state_->database->handle(Family::kPulls), key,
                rocks::encode(rocks::PullRow{pull.time}));
    }
    if (batch.Count() > 0) {
      SHALE_TRY(state_->write(batch));
    }
  }
  return {};
}

Result<Page<BlobLink>> RocksMetadataStore::list_links(const RepositoryName& repository,
                                                      const std::optional<Digest>& after,
                                                      std::size_t limit) const {
  const View view(*state_->database);
  Page<BlobLink> page;
  Scan scan(view, Family::kBlobLinks, keys::of_repository(repository.str()), behind(after));
  for (; scan.valid(); scan.next()) {
    SHALE_TRY_ASSIGN(const Digest digest, digest_in(scan.key(), "a blob of " + repository.str()));
    SHALE_TRY_ASSIGN(const auto row, rocks::decode<rocks::BlobLinkRow>(scan.value()));
    if (row.hidden) {
      continue;
    }
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    page.items.push_back({digest, row.size, row.due.has_value()});
  }
  SHALE_TRY(scan.status());
  return page;
}

Result<Page<StoredBlob>> RocksMetadataStore::list_blobs(const std::optional<Digest>& after,
                                                        std::size_t limit) const {
  const View view(*state_->database);
  Page<StoredBlob> page;
  Scan scan(view, Family::kBlobs, {}, behind(after));
  for (; scan.valid(); scan.next()) {
    if (page.items.size() == limit) {
      page.more = limit > 0;
      break;
    }
    SHALE_TRY_ASSIGN(const Digest digest, digest_in(scan.key(), "a blob"));
    SHALE_TRY_ASSIGN(const auto row, rocks::decode<rocks::BlobRow>(scan.value()));
    page.items.push_back({digest, row.size, row.small});
  }
  SHALE_TRY(scan.status());
  return page;
}

}  // namespace shale::index
