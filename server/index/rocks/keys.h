#pragma once

#include <string>
#include <string_view>

#include "server/index/metadata_store.h"

/// Every key and prefix of the schema in server/index/README.md. Names hold no
/// NUL, so a NUL ends them; digests know their length from their first byte.
namespace shale::index::rocks::keys {

inline constexpr std::string_view kFormat = "format";
inline constexpr std::string_view kSequence = "sequence";

std::string repository(const RepositoryName& repository);

/// (repository): the prefix of all that a repository has in one family, and the
/// whole key of its usage. An empty name stands for the store.
std::string of_repository(std::string_view repository);
/// The whole key of a namespace's usage. No repository's name ends with a slash.
std::string of_namespace(std::string_view name_space);
/// (repository, digest): a manifest's or a blob's link.
std::string link(const RepositoryName& repository, const Digest& digest);
/// (digest): the bytes of a manifest, or what is known of a blob.
std::string content(const Digest& digest);
/// (digest, repository): who has it.
std::string holder(const Digest& digest, std::string_view repository);

std::string tag(const RepositoryName& repository, const Tag& tag);
/// (repository, digest, tag)
std::string tag_target(const RepositoryName& repository, const Digest& digest, const Tag& tag);

/// (repository, tag): the prefix of a tag's history.
std::string history_of(const RepositoryName& repository, const Tag& tag);
/// Newest first, since the sequence is inverted.
std::string history(const RepositoryName& repository, const Tag& tag, Sequence sequence);
/// What `history` ends with, turned back.
Sequence sequence_of_inverted(std::uint64_t inverted);

/// How the edges of a deleted manifest are told from those that count: by their kind, which
/// puts them behind the others of the same parent or child.
constexpr std::uint8_t kOfDeleted = 0x80;
constexpr EdgeKind of_deleted(EdgeKind kind) {
  return static_cast<EdgeKind>(static_cast<std::uint8_t>(kind) | kOfDeleted);
}
constexpr EdgeKind of_present(EdgeKind kind) {
  return static_cast<EdgeKind>(static_cast<std::uint8_t>(kind) & ~kOfDeleted);
}
constexpr bool is_of_deleted(EdgeKind kind) {
  return kind != of_present(kind);
}

/// (repository, parent, kind, child)
std::string edge(const RepositoryName& repository, const Digest& parent, EdgeKind kind,
                 const Digest& child);
/// (repository, child, kind): the prefix of all that name it that way.
std::string edges_to(const RepositoryName& repository, const Digest& child, EdgeKind kind);
/// (repository, child, kind, parent)
std::string edge_to(const RepositoryName& repository, const Digest& child, EdgeKind kind,
                    const Digest& parent);

std::string upload(const UploadId& id);
std::string doomed(const Doomed& row);
/// What `doomed` made, or `kCorrupt`.
Result<Doomed> parse_doomed(std::string_view key);

}  // namespace shale::index::rocks::keys
