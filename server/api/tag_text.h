#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/registry/tag_past.h"

namespace shale::api {

/// Where a tag is to go back to: what it named before, a manifest, or what it named then.
using RollbackGoal = std::variant<std::monostate, Digest, Time>;

/// Reads `{"to": DIGEST}`, `{"at": TIME}`, `{}` or nothing. `kInvalidArgument`,
/// `kDigestInvalid`, `kDigestUnsupported`.
Result<RollbackGoal> read_rollback(std::string_view json);

std::string past_tags_json(const index::RepositoryName& repository,
                           const index::Page<registry::PastTag>& page, bool with_deleted);
/// `present`: whether the manifest can be pulled.
std::string past_tag_json(const registry::TagName& name, const registry::TagStood& stood,
                          bool present);
/// At most `limit` of the moves, newest first. One more of them tells what the last of those
/// moved from; without it, that was the first move.
std::string tag_history_json(const registry::TagName& name,
                             const std::vector<index::TagMove>& moves, std::size_t limit);
std::string tag_went_json(const registry::TagName& name, const registry::TagWent& went);

}  // namespace shale::api
