#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/index/metadata_store.h"
#include "server/registry/retention.h"

namespace shale::registry {

enum class RunMode : std::uint8_t { kDry, kRemove };

/// What retention did to a manifest, or would do.
struct Retained {
  enum class Fate : std::uint8_t {
    kStays,
    kWouldGo,  ///< of a dry run
    kWent,
    kSpared,  ///< it was to go, and somebody pushed, tagged, listed or pulled it meanwhile
  };
  Candidate manifest;
  Fate fate = Fate::kStays;
  std::string reason;
};

/// Whether a manifest was pulled so lately that the store has not been told.
using PulledNow = std::function<bool(const index::RepositoryName&, const Digest&)>;

/// One repository's turn. Holds all of its manifests in memory, without their bytes.
/// What `rules` do not speak of is left alone, with an empty answer. Deletes each with a
/// commit of its own, which is not made when the manifest is not as it was seen.
Result<std::vector<Retained>> run_retention(index::MetadataStore& metadata, const Rules& rules,
                                            const index::RepositoryName& repository, Time now,
                                            RunMode mode, const PulledNow& pulled_now);

}  // namespace shale::registry
