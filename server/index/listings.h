#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

/// A manifest that was deleted, and that history keeps until it is due.
struct DeletedManifest {
  Descriptor descriptor;
  std::string artifact_type;
  Time pushed;  ///< last
  Time deleted;
  Time due;  ///< then it goes for good
  std::string actor;
  std::vector<Tag> tags;        ///< which it had
  std::uint64_t operation = 0;  ///< the number of the commit that all deletions with it share

  friend bool operator==(const DeletedManifest&, const DeletedManifest&) = default;
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

struct Pull {
  RepositoryName repository;
  Digest digest;
  Time time;
};

/// What a step of collection did.
struct Collected {
  enum class Outcome : std::uint8_t {
    kSpared,      ///< nothing: it is not due any more, or named again
    kUnlinked,    ///< a link went; others have the bytes
    kHidden,      ///< a link went out of sight: only deleted manifests name the blob
    kFreed,       ///< small bytes went, and the last link with them
    kForgotten,   ///< nothing here knows of the bytes any more: their file is doomed, due at once
    kRemoveFile,  ///< the file is to be removed, then `file_removed`
    kManifest,    ///< a manifest went, into the history or for good
  };
  Outcome outcome = Outcome::kSpared;
  std::uint64_t bytes = 0;  ///< freed, or to be freed with the file

  friend bool operator==(const Collected&, const Collected&) = default;
};

}  // namespace shale::index
