#pragma once

#include "server/index/metadata_store.h"

namespace shale::registry {

/// Restores a manifest from the history, and, as far as the history has them, those that an index
/// lists, each in a commit of its own and before what lists them: nobody ever sees the index
/// without them. Ended in the middle, it can be done again. Errors as of
/// `MetadataStore::restore_manifest`.
Result<void> restore_manifest(index::MetadataStore& metadata,
                              const index::RestoreManifest& request);

}  // namespace shale::registry
