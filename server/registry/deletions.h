#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/registry/removal.h"
#include "server/registry/restoring.h"
#include "server/registry/retention_run.h"

namespace shale::registry {

/// What clients may delete. A manifest takes its tags along, whatever `tags` says.
struct Deletes {
  bool tags = true;
  bool manifests = true;
  bool blobs = true;
  bool uploads = true;  ///< cancel them
};

/// `kDisabled` with the name of the setting, unless it is on.
Result<void> demand_enabled(bool setting, const std::string& what);

struct Options;
class Uploads;

/// What goes by somebody's wish, and the way back. Borrows what it is made of; cheap to make.
/// Thread-safe; everything here scans or syncs.
class Deletions {
 public:
  Deletions(index::MetadataStore& metadata, Uploads& uploads,
            std::shared_ptr<const Options> options)
      : metadata_(metadata), uploads_(uploads), options_(std::move(options)) {}

  /// As of `plan_removal` and `carry_out`; with everything, uploads that nobody holds just now
  /// are cancelled too. `kDisabled` as of `Deletes`; `kTagImmutable`, with nothing done.
  Result<Removal> remove(const RemovalGoal& goal, RunMode mode, const index::By& by,
                         const Visible& visible) const;

  /// How long what is deleted from the repository now can be had back.
  std::chrono::milliseconds history(const index::RepositoryName& repository) const;
  /// What history keeps, strictly after `after`.
  Result<index::Page<index::DeletedManifest>> list(const index::RepositoryName& repository,
                                                   const std::optional<Digest>& after,
                                                   std::size_t limit) const;
  /// One manifest and what belongs to it, or all that went last; with the tags that are free.
  Result<std::vector<Restored>> restore(const index::RepositoryName& repository,
                                        const std::optional<Digest>& digest,
                                        const std::string& actor) const;
  /// As of `drop_history`.
  Result<std::size_t> drop(const index::RepositoryName& repository,
                           const std::optional<Digest>& digest) const;

 private:
  Result<void> demand_allowed(const RemovalGoal& goal, const Removal& removal) const;
  Result<void> cancel_uploads(const index::RepositoryName& repository) const;

  index::MetadataStore& metadata_;
  Uploads& uploads_;
  std::shared_ptr<const Options> options_;
};

}  // namespace shale::registry
