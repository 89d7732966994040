#pragma once

#include <string_view>

#include "server/index/metadata_store.h"

namespace shale::registry {

/// Reads a pushed manifest: its type, and all that it says of other content.
/// `digest` is that of `bytes`, and the caller has checked it; `content_type` is
/// the request's header as sent and may be empty. The rules are in README.md.
///
/// `kManifestInvalid` with a detail for the client that says what is wrong, at
/// which place (as a JSON path), and what is expected. Throws nothing but
/// bad_alloc, and holds a bounded multiple of what it is given. Thread-safe.
Result<index::Manifest> parse_manifest(const Digest& digest, std::string_view content_type,
                                       std::string_view bytes);

}  // namespace shale::registry
