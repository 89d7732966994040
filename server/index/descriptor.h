#pragma once

#include <cstdint>
#include <string>

#include "blobstore/digest.h"

namespace shale::index {

/// What names some content: OCI image-spec, descriptor.md.
struct Descriptor {
  Digest digest;
  std::string media_type;
  std::uint64_t size = 0;  ///< bytes

  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

/// Why one thing keeps another. The values are written to disk: never renumber.
enum class EdgeKind : std::uint8_t {
  kConfig = 1,    ///< manifest → blob
  kLayer = 2,     ///< manifest → blob
  kBlob = 3,      ///< index → blob: build caches list layers where manifests stand
  kManifest = 4,  ///< index → manifest
  kSubject = 5,   ///< referrer → manifest; keeps nothing alive, the subject may be absent
};

/// Whether an edge points at a manifest rather than a blob.
constexpr bool points_at_manifest(EdgeKind kind) {
  return kind == EdgeKind::kManifest || kind == EdgeKind::kSubject;
}

}  // namespace shale::index
