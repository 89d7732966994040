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
  Result<std::vector<index::TagMove>> tag_history(const index::RepositoryName& repository,
                                                  const index::Tag& tag,
                                                  std::size_t limit) const override {
    return real_.tag_history(repository, tag, limit);
  }
  Result<std::vector<index::Doomed>> list_doomed(Time now, std::size_t limit) const override {
    return real_.list_doomed(now, limit);
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
                                     const std::string& actor) override {
    return real_.delete_tag(repository, tag, actor);
  }
  Result<index::Sequence> delete_manifest(const index::RepositoryName& repository,
                                          const Digest& digest, const std::string& actor) override {
    return real_.delete_manifest(repository, digest, actor);
  }
  Result<index::Sequence> delete_blob(const index::RepositoryName& repository,
                                      const Digest& digest) override {
    return real_.delete_blob(repository, digest);
  }

 private:
  index::MetadataStore& real_;
};

}  // namespace shale::testing
