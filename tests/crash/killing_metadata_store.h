#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/index/rocks/rocks_metadata_store.h"
#include "tests/crash/kill_point.h"

namespace shale::testing {

/// The metadata store of the program, where the process may die before and after
/// everything that changes it, and in a commit between the write to the log and its
/// sync. Thread-safe.
class KillingMetadataStore final : public index::MetadataStore {
 public:
  /// `point` must outlive the store.
  static Result<std::unique_ptr<index::MetadataStore>> open(index::RocksOptions options,
                                                            KillPoint& point) {
    options.before_sync = [&point]() -> Result<void> {
      // Whoever leads the sync is on its thread still.
      if (!current_commit.empty()) point.reach("unsynced-" + std::string(current_commit));
      return {};
    };
    SHALE_TRY_ASSIGN(auto opened, index::RocksMetadataStore::open(std::move(options)));
    return {std::make_unique<KillingMetadataStore>(std::move(opened), point)};
  }
  KillingMetadataStore(std::unique_ptr<index::MetadataStore> real, KillPoint& point)
      : real_(std::move(real)), point_(point) {}

  Result<index::Descriptor> find_manifest(const index::RepositoryName& repository,
                                          const index::Reference& reference) const override {
    return real_->find_manifest(repository, reference);
  }
  Result<index::StoredManifest> read_manifest(const index::RepositoryName& repository,
                                              const index::Reference& reference) const override {
    return real_->read_manifest(repository, reference);
  }
  Result<index::BlobLink> find_blob(const index::RepositoryName& repository,
                                    const Digest& digest) const override {
    return real_->find_blob(repository, digest);
  }
  Result<std::optional<std::string>> read_small_blob(const Digest& digest) const override {
    return real_->read_small_blob(digest);
  }
  Result<bool> repository_exists(const index::RepositoryName& repository) const override {
    return real_->repository_exists(repository);
  }
  Result<index::UploadRow> find_upload(const UploadId& id) const override {
    return real_->find_upload(id);
  }
  Result<index::Usage> usage(const index::RepositoryName& repository) const override {
    return real_->usage(repository);
  }
  Result<index::StoreUsage> store_usage() const override { return real_->store_usage(); }
  index::Sequence sequence() const override { return real_->sequence(); }

  Result<index::Page<index::Tag>> list_tags(const index::RepositoryName& repository,
                                            std::string_view after,
                                            std::size_t limit) const override {
    return real_->list_tags(repository, after, limit);
  }
  Result<index::Page<index::RepositoryName>> list_repositories(std::string_view after,
                                                               std::size_t limit) const override {
    return real_->list_repositories(after, limit);
  }
  Result<index::Page<index::Referrer>> list_referrers(
      const index::RepositoryName& repository, const Digest& subject,
      const index::ReferrersQuery& query) const override {
    return real_->list_referrers(repository, subject, query);
  }
  Result<index::Page<index::RepositoryName>> list_repositories_of_blob(
      const Digest& digest, std::string_view after, std::size_t limit) const override {
    return real_->list_repositories_of_blob(digest, after, limit);
  }
  Result<std::vector<index::TagMove>> tag_history(const index::RepositoryName& repository,
                                                  const index::Tag& tag,
                                                  std::size_t limit) const override {
    return real_->tag_history(repository, tag, limit);
  }
  Result<std::vector<index::Doomed>> list_doomed(Time now, std::size_t limit) const override {
    return real_->list_doomed(now, limit);
  }
  Result<std::vector<index::UploadRow>> list_uploads() const override {
    return real_->list_uploads();
  }
  Result<std::vector<std::string>> check() const override { return real_->check(); }

  Result<void> open_upload(const index::UploadRow& row) override {
    return point_.around("open-upload", [&] { return real_->open_upload(row); });
  }
  Result<void> close_upload(const UploadId& id) override {
    return point_.around("close-upload", [&] { return real_->close_upload(id); });
  }
  Result<index::Sequence> link_blob(const index::LinkBlob& request) override {
    return commit("link-blob", [&] { return real_->link_blob(request); });
  }
  Result<index::Sequence> mount_blob(const index::RepositoryName& from,
                                     const index::RepositoryName& to,
                                     const Digest& digest) override {
    return commit("mount-blob", [&] { return real_->mount_blob(from, to, digest); });
  }
  Result<index::Sequence> put_manifest(const index::PutManifest& request) override {
    return commit("put-manifest", [&] { return real_->put_manifest(request); });
  }
  Result<index::Sequence> delete_tag(const index::RepositoryName& repository, const index::Tag& tag,
                                     const std::string& actor) override {
    return commit("delete-tag", [&] { return real_->delete_tag(repository, tag, actor); });
  }
  Result<index::Sequence> delete_manifest(const index::RepositoryName& repository,
                                          const Digest& digest, const std::string& actor) override {
    return commit("delete-manifest",
                  [&] { return real_->delete_manifest(repository, digest, actor); });
  }
  Result<index::Sequence> delete_blob(const index::RepositoryName& repository,
                                      const Digest& digest) override {
    return commit("delete-blob", [&] { return real_->delete_blob(repository, digest); });
  }

 private:
  template <class Call>
  Result<index::Sequence> commit(std::string_view name, Call call) {
    return point_.around(name, [&] {
      current_commit = name;
      auto done = call();
      current_commit = {};
      return done;
    });
  }

  static inline thread_local std::string_view current_commit;

  std::unique_ptr<index::MetadataStore> real_;
  KillPoint& point_;
};

}  // namespace shale::testing
