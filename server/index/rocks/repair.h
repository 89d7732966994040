#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "server/index/metadata_store.h"

namespace shale::index {

/// What a repair has to be told, because this room reads no manifests and no files.
struct RepairSources {
  /// All that a manifest's bytes say; the media type is empty where it is not known.
  std::function<Result<Manifest>(const Digest&, std::string_view media_type,
                                 std::string_view bytes)>
      parse;
  /// How many bytes the blob store has of a blob; none: it has none.
  std::function<Result<std::optional<std::uint64_t>>(const Digest&)> file_size;
  /// Whether a blob that a manifest must find may be linked for that reason alone. Not where
  /// pushes may name what their repository never had (sparse images).
  bool link_what_is_named = true;
  /// Writes nothing: how many rows a repair would change is more than none when something
  /// is wrong, and no more than that.
  bool only_look = false;
};

}  // namespace shale::index
