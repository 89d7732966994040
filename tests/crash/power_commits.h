#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "blobstore/guarded.h"
#include "tests/crash/power_journal.h"
#include "tests/crash/power_universe.h"
#include "tests/support/forwarding_metadata_store.h"

namespace shale::testing::power {

inline constexpr Position kNever = std::numeric_limits<Position>::max();

/// One commit that was made, and where in the record.
struct Commit {
  index::Sequence number = 0;
  Position began = 0;              ///< nothing before this is its doing
  Position acknowledged = kNever;  ///< whoever cuts from here on has to find it
  std::function<Result<index::Sequence>(index::MetadataStore&)> repeat;
};

/// Keeps account of the commits of a store. `journal` must outlive it. Thread-safe.
class NotedStore final : public ForwardingMetadataStore {
 public:
  NotedStore(index::MetadataStore& real, const Journal& journal)
      : ForwardingMetadataStore(real), real_(real), journal_(journal) {}

  Result<index::Sequence> link_blob(const index::LinkBlob& request) override {
    return commit([=](index::MetadataStore& store) { return store.link_blob(request); });
  }
  Result<index::Sequence> mount_blob(const index::RepositoryName& from,
                                     const index::RepositoryName& to,
                                     const Digest& digest) override {
    return commit([=](index::MetadataStore& store) { return store.mount_blob(from, to, digest); });
  }
  Result<index::Sequence> put_manifest(const index::PutManifest& request) override {
    return commit([=](index::MetadataStore& store) { return store.put_manifest(request); });
  }
  Result<index::Sequence> delete_tag(const index::RepositoryName& repository, const index::Tag& tag,
                                     const index::By& by) override {
    return commit(
        [=](index::MetadataStore& store) { return store.delete_tag(repository, tag, by); });
  }
  Result<index::Sequence> delete_manifest(const index::RepositoryName& repository,
                                          const Digest& digest, const index::By& by) override {
    return commit(
        [=](index::MetadataStore& store) { return store.delete_manifest(repository, digest, by); });
  }
  Result<index::Sequence> restore_manifest(const index::RestoreManifest& request) override {
    return commit([=](index::MetadataStore& store) { return store.restore_manifest(request); });
  }
  Result<index::Sequence> delete_blob(const index::RepositoryName& repository, const Digest& digest,
                                      index::Synced synced) override {
    return commit(
        [=](index::MetadataStore& store) { return store.delete_blob(repository, digest, synced); });
  }

  /// By their numbers.
  std::vector<Commit> commits() const;

 private:
  template <class Call>
  Result<index::Sequence> commit(Call call) {
    const Position began = journal_.position();
    auto number = call(real_);
    if (number) commits_.lock()->push_back({*number, began, journal_.position(), call});
    return number;
  }

  index::MetadataStore& real_;
  const Journal& journal_;
  Guarded<std::vector<Commit>> commits_;
};

/// What a store has to say after each of `commits`, which are numbered from 1 on:
/// first after none. Throws when they are not.
std::vector<std::string> states_after(const std::vector<Commit>& commits, const Clock& clock,
                                      const Universe& universe);

}  // namespace shale::testing::power
