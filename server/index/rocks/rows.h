#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/index/metadata_store.h"
#include "server/index/rocks/codec.h"

/// Every value of the schema in server/index/README.md. On disk each begins with
/// a version byte, which `encode` writes and `decode` demands.
namespace shale::index::rocks {

/// A repository: since when.
struct RepositoryRow {
  Sequence sequence = 0;
  Time time;
};

/// A manifest in a repository.
struct ManifestLinkRow {
  std::uint64_t size = 0;  ///< bytes
  std::string media_type;
  std::string artifact_type;
  Sequence sequence = 0;  ///< of the last push
  Time time;              ///< of the last push
  /// When doomed: it has lost its last tag, and nothing else keeps it.
  std::optional<Time> due{};  // NOLINT(readability-redundant-member-init)
};

/// A manifest that was deleted and is kept; the key is as of its link.
struct DeletedRow {
  ManifestLinkRow link;  ///< as it was, not due
  Time deleted;
  Time due;
  std::string actor;
  Sequence operation = 0;
  std::vector<std::string> tags;  ///< which it had
};

struct TagRow {
  Digest digest;
  Sequence sequence = 0;  ///< of the move to it
  Time time;
};

/// One move of a tag; the key has its sequence. No digest: the tag was deleted.
struct TagMoveRow {
  std::optional<Digest> digest;
  Time time;
  std::string actor;
};

struct EdgeRow {
  std::uint64_t size = 0;  ///< bytes
  std::string media_type;
  bool must_exist = true;
};

/// The other direction of a subject's edge: what the referrers list shows.
struct ReferrerRow {
  std::uint64_t size = 0;  ///< bytes
  std::string media_type;
  std::string artifact_type;
  Annotations annotations;
};

/// A blob whose bytes are stored.
struct BlobRow {
  std::uint64_t size = 0;   ///< bytes
  std::optional<Time> due;  ///< when doomed: no repository links it
  bool small = false;       ///< the bytes are here, and need not be in the blob store
};

/// A blob in a repository.
struct BlobLinkRow {
  std::uint64_t size = 0;   ///< bytes
  std::optional<Time> due;  ///< when doomed: no manifest of the repository names it
  Sequence sequence = 0;    ///< of the first link
  Time time;                ///< of the first link
  bool hidden = false;      ///< only deleted manifests name it, or, when due, not even those
};

struct UploadValue {
  std::string repository;
  Time started;
};

/// When a manifest of a repository was pulled last, as far as it was told.
struct PullRow {
  Time time;
};

struct SequenceRow {
  Sequence sequence = 0;
};

/// For rows that say all in their key.
struct EmptyRow {};

std::string encode(const RepositoryRow& row);
std::string encode(const ManifestLinkRow& row);
std::string encode(const DeletedRow& row);
std::string encode(const TagRow& row);
std::string encode(const TagMoveRow& row);
std::string encode(const EdgeRow& row);
std::string encode(const ReferrerRow& row);
std::string encode(const BlobRow& row);
std::string encode(const BlobLinkRow& row);
std::string encode(const UploadValue& row);
std::string encode(const PullRow& row);
std::string encode(const SequenceRow& row);
std::string encode(const EmptyRow& row);

/// The row in `bytes`, or `kCorrupt`: cut off, too long, of another version, or
/// with a value that no row has. Instantiated for each row above.
template <class Row>
Result<Row> decode(std::string_view bytes);

/// The bytes of a manifest or a small blob follow their version byte as they are.
std::string encode_content(std::string_view bytes);
Result<std::string> decode_content(std::string_view bytes);

}  // namespace shale::index::rocks
