#pragma once

#include <string>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::index {

/// Gathers the references of a manifest that are not there, for the one error
/// that names them all. Both stores answer with it.
class MissingReferences {
 public:
  /// `repository` must outlive this.
  explicit MissingReferences(const RepositoryName& repository) : repository_(repository) {}

  /// The same content asked for twice is told once.
  void add(const Edge& edge);

  /// `kManifestBlobUnknown` when anything was added.
  Result<void> verdict() &&;

 private:
  const RepositoryName& repository_;
  std::vector<std::string> details_;
};

}  // namespace shale::index
