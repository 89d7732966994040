#pragma once

#include <optional>
#include <string_view>

#include "blobstore/clock.h"
#include "blobstore/result.h"
#include "server/http/message.h"
#include "server/index/policy.h"

namespace shale::api {

/// The field by which a pull asks for a tag as it was.
inline constexpr std::string_view kAsOf = "Shale-As-Of";

/// What `If-Match` and `If-None-Match` of a request demand that changes manifests or tags.
/// `kInvalidArgument` for what is malformed, and for conditions that are not had here.
Result<index::Condition> condition_of(const http::Headers& headers);

/// RFC 3339, or `kInvalidArgument`; `what` names the place where it stood.
Result<Time> read_time(std::string_view text, std::string_view what);

/// The time in `Shale-As-Of`; none without such a field. `kInvalidArgument`.
Result<std::optional<Time>> as_of(const http::Headers& headers);

}  // namespace shale::api
