#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::testing {

/// Another store, unchanged: for tests to override what they want to note, fail or
/// interrupt. `real` must outlive it. Thread-safe as that one is.
class ForwardingMetadataStore : public index::MetadataStore {
 public:
  explicit ForwardingMetadataStore(index::MetadataStore& real) : real_(real) {}

  Result<index::Descriptor> find_manifest(const index::RepositoryName& repository,
                                          const index::Reference& reference) const override {
    return real_.find_manifest(repository, reference);
  }
  Result<index::StoredManifest> read_manifest(const index::RepositoryName& repository,
                                              const index::Reference& reference) const override {
    return real_.read_manifest(repository, reference);
  }
  Result<index::BlobLink> find_blob(const index::RepositoryName& repository,
                                    const Digest& digest) const override {
    return real_.find_blob(repository, digest);
  }
  Result<std::optional<index::StoredBlob>> find_stored_blob(const Digest& digest) const override {
    return real_.find_stored_blob(digest);
  }
  Result<std::optional<std::string>> read_small_blob(const Digest& digest) const override {
    return real_.read_small_blob(digest);
  }
  Result<bool> repository_exists(const index::RepositoryName& repository) const override {
    return real_.repository_exists(repository);
  }
  Result<index::UploadRow> find_upload(const UploadId& id) const override {
    return real_.find_upload(id);
  }
  Result<index::Usage> usage(const index::RepositoryName& repository) const override {
    return real_.usage(repository);
  }
  Result<index::StoreUsage> store_usage() const override { return real_.store_usage(); }
  index::Sequence sequence() const override { return real_.sequence(); }
  index::EngineReport engine_report() const override { return real_.engine_report(); }

  Result<index::Page<index::Tag>> list_tags(const index::RepositoryName& repository,
                                            std::string_view after,
                                            std::size_t limit) const override {
    return real_.list_tags(repository, after, limit);
  }
  Result<index::Page<index::RepositoryName>> list_repositories(std::string_view after,
                                                               std::size_t limit) const override {
    return real_.list_repositories(after, limit);
  }
  Result<index::Page<index::Referrer>> list_referrers(
      const index::RepositoryName& repository, const Digest& subject,
      const index::ReferrersQuery& query) const override {
    return real_.list_referrers(repository, subject, query);
  }
  Result<index::Page<index::RepositoryName>> list_repositories_of_blob(
      const Digest& digest, std::string_view after, std::size_t limit) const override {
    return real_.list_repositories_of_blob(digest, after, limit);
  }
  Result<bool> is_held_elsewhere(const index::RepositoryName& repository,
                                 const Digest& digest) const override {
    return real_.is_held_elsewhere(repository, digest);
  }
  Result<bool> is_kept_by_history(const index::RepositoryName& repository,
                                  const Digest& blob) const override {
    return real_.is_kept_by_history(repository, blob);
  }
  Result<std::vector<index::TagMove>> tag_history(const index::RepositoryName& repository,
                                                  const index::Tag& tag,
                                                  std::size_t limit) const override {
    return real_.tag_history(repository, tag, limit);
  }
  Result<std::vector<index::Doomed>> list_doomed(Time now, std::size_t limit,
                                                 const index::DoomedQuery& query) const override {
    return real_.list_doomed(now, limit, query);
  }
  Result<std::vector<index::UploadRow>> list_uploads() const override {
    return real_.list_uploads();
  }
  Result<std::vector<std::string>> check() const override { return real_.check(); }

  Result<void> open_upload(const index::UploadRow& row) override { return real_.open_upload(row); }
  Result<void> close_upload(const UploadId& id) override { return real_.close_upload(id); }

  Result<index::Sequence> link_blob(const index::LinkBlob& request) override {
    return real_.link_blob(request);
  }
  Result<index::Sequence> mount_blob(const index::RepositoryName& from,
                                     const index::RepositoryName& to,
                                     const Digest& digest) override {
    return real_.mount_blob(from, to, digest);
  }
  Result<index::Sequence> put_manifest(const index::PutManifest& request) override {
    return real_.put_manifest(request);
  }
  Result<index::Sequence> delete_tag(const index::RepositoryName& repository, const index::Tag& tag,
                                     const index::By& by) override {
    return real_.delete_tag(repository, tag, by);
  }
  Result<index::Sequence> delete_manifest(const index::RepositoryName& repository,
                                          const Digest& digest, const index::By& by) override {
    return real_.delete_manifest(repository, digest, by);
  }
  Result<index::Sequence> delete_blob(const index::RepositoryName& repository, const Digest& digest,
                                      index::Synced synced) override {
    return real_.delete_blob(repository, digest, synced);
  }

  Result<index::Usage> usage_below(std::string_view name_space) const override {
    return real_.usage_below(name_space);
  }
  Result<std::optional<index::TagMove>> find_move(const index::RepositoryName& repository,
                                                  const index::Tag& tag, Time at) const override {
    return real_.find_move(repository, tag, at);
  }
  Result<index::Page<index::ListedManifest>> list_manifests(const index::RepositoryName& repository,
                                                            const std::optional<Digest>& after,
                                                            std::size_t limit) const override {
    return real_.list_manifests(repository, after, limit);
  }
  Result<index::Page<index::BlobLink>> list_links(const index::RepositoryName& repository,
                                                  const std::optional<Digest>& after,
                                                  std::size_t limit) const override {
    return real_.list_links(repository, after, limit);
  }
  Result<index::Page<index::Tag>> list_moved_tags(const index::RepositoryName& repository,
                                                  std::string_view after,
                                                  std::size_t limit) const override {
    return real_.list_moved_tags(repository, after, limit);
  }
  Result<std::vector<index::Tag>> list_tags_of(const index::RepositoryName& repository,
                                               const Digest& digest) const override {
    return real_.list_tags_of(repository, digest);
  }
  Result<std::vector<index::Edge>> list_edges(const index::RepositoryName& repository,
                                              const Digest& digest) const override {
    return real_.list_edges(repository, digest);
  }
  Result<std::vector<index::Parent>> list_parents(const index::RepositoryName& repository,
                                                  const Digest& digest) const override {
    return real_.list_parents(repository, digest);
  }
  Result<index::Page<index::StoredBlob>> list_blobs(const std::optional<Digest>& after,
                                                    std::size_t limit) const override {
    return real_.list_blobs(after, limit);
  }
  Result<std::optional<index::DeletedManifest>> find_deleted(
      const index::RepositoryName& repository, const Digest& digest) const override {
    return real_.find_deleted(repository, digest);
  }
  Result<index::Page<index::DeletedManifest>> list_deleted(const index::RepositoryName& repository,
                                                           const std::optional<Digest>& after,
                                                           std::size_t limit) const override {
    return real_.list_deleted(repository, after, limit);
  }
  Result<index::Sequence> restore_manifest(const index::RestoreManifest& request) override {
    return real_.restore_manifest(request);
  }
  Result<void> record_pulls(const std::vector<index::Pull>& pulls) override {
    return real_.record_pulls(pulls);
  }
  Result<index::Sequence> move_tag(const index::MoveTag& request) override {
    return real_.move_tag(request);
  }
  Result<index::Collected> collect(const index::Doomed& doomed) override {
    return real_.collect(doomed);
  }
  Result<void> file_removed(const index::Doomed& doomed) override {
    return real_.file_removed(doomed);
  }
  Result<void> sync() override { return real_.sync(); }

 private:
  index::MetadataStore& real_;
};

}  // namespace shale::testing
