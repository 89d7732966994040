#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/index/metadata_store.h"
#include "server/index/rocks/codec.h"

/// Parts of keys that have to be valid for more than their bytes.
namespace shale::index::rocks {

struct Linked {
  RepositoryName repository;
  Digest digest;
};

/// A terminated repository name, or none.
std::optional<RepositoryName> read_repository(Decoder& key);
/// (repository, digest), or none.
std::optional<Linked> read_link(Decoder& key);
/// Of a present or a deleted manifest's edge, or none.
std::optional<EdgeKind> read_kind(Decoder& key);

/// For people to read.
std::string named(const Linked& link);
/// A key as it can be shown: printable, whatever is in it.
std::string shown(std::string_view key);

}  // namespace shale::index::rocks
