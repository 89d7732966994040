#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "blobstore/clock.h"
#include "server/index/descriptor.h"
#include "server/index/names.h"

namespace shale::index {

/// A manifest of a repository, without its bytes.
struct ListedManifest {
  Descriptor descriptor;
  std::string artifact_type;
  Time pushed;                 ///< last
  std::optional<Time> pulled;  ///< last, as far as `record_pulls` was told

  friend bool operator==(const ListedManifest&, const ListedManifest&) = default;
};

/// Who names a manifest or a blob, and why.
struct Parent {
  EdgeKind kind;
  Digest digest;

  friend bool operator==(const Parent&, const Parent&) = default;
};

/// A blob whose bytes are stored.
struct StoredBlob {
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
  bool small = false;      ///< its bytes are in this store: `read_small_blob`

  friend bool operator==(const StoredBlob&, const StoredBlob&) = default;
};

/// A manifest that was deleted and can be had back until `due`.
struct Pin {
  Descriptor descriptor;
  Time deleted;
  Time due;
  std::string actor;  ///< who deleted it

  friend bool operator==(const Pin&, const Pin&) = default;
};

struct Pull {
  RepositoryName repository;
  Digest digest;
  Time time;
};

/// What a step of collection did.
struct Collected {
  enum class Outcome : std::uint8_t {
    kSpared,      ///< it is not due any more, or named again: nothing was done
    kHidden,      ///< a link that only history needs is shown no more
    kUnlinked,    ///< a link went; the bytes may be doomed now
    kFreed,       ///< the bytes went, those of a small blob or a manifest's with it
    kRemoveFile,  ///< they are to be removed from the blob store, then `file_removed`
  };
  Outcome outcome = Outcome::kSpared;
  std::uint64_t bytes = 0;  ///< freed, or to be freed by removing the file
};

}  // namespace shale::index
