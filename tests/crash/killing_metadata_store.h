#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/index/rocks/rocks_metadata_store.h"
#include "tests/crash/kill_point.h"
#include "tests/support/forwarding_metadata_store.h"

namespace shale::testing {

/// The metadata store of the program, where the process may die before and after
/// everything that changes it, and in a commit between the write to the log and its
/// sync. Thread-safe.
class KillingMetadataStore final : public ForwardingMetadataStore {
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
      : ForwardingMetadataStore(*real), real_(std::move(real)), point_(point) {}

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
                                     const index::By& by) override {
    return commit("delete-tag", [&] { return real_->delete_tag(repository, tag, by); });
  }
  Result<index::Sequence> delete_manifest(const index::RepositoryName& repository,
                                          const Digest& digest, const index::By& by) override {
    return commit("delete-manifest",
                  [&] { return real_->delete_manifest(repository, digest, by); });
  }
  Result<index::Sequence> move_tag(const index::MoveTag& request) override {
    return commit("move-tag", [&] { return real_->move_tag(request); });
  }
  Result<index::Sequence> restore_manifest(const index::RestoreManifest& request) override {
    return commit("restore-manifest", [&] { return real_->restore_manifest(request); });
  }
  Result<index::Collected> collect(const index::Doomed& doomed) override {
    return commit("collect", [&] { return real_->collect(doomed); });
  }
  Result<void> file_removed(const index::Doomed& doomed) override {
    return point_.around("file-removed", [&] { return real_->file_removed(doomed); });
  }
  Result<void> sync() override {
    return commit("sync", [&] { return real_->sync(); });
  }
  Result<index::Sequence> delete_blob(const index::RepositoryName& repository, const Digest& digest,
                                      index::Synced synced) override {
    return commit("delete-blob", [&] { return real_->delete_blob(repository, digest, synced); });
  }

 private:
  template <class Call>
  std::invoke_result_t<Call> commit(std::string_view name, Call call) {
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
