#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"

/// Preconditions (RFC 9110, section 13) against strong entity tags. A tag here is
/// the opaque text, a digest, without its quotes; `current` is none while there
/// is no such representation. A field that is absent always passes.
namespace shale::http {

/// The tag as it stands in a field: quoted and strong.
std::string quoted_etag(std::string_view tag);

/// False: answer 304 to GET and HEAD, 412 to anything else. Compares weakly,
/// since a cache on the way may have weakened our tag. A malformed field names
/// no tag. A bare tag without quotes counts too, as clients of docker-registry
/// may send it.
bool if_none_match_passes(const Headers& headers, std::optional<std::string_view> current);

/// What `If-Match` or `If-None-Match` of a request that changes something says.
struct TagField {
  bool there = false;
  bool malformed = false;
  bool any = false;               ///< `*`
  std::vector<std::string> tags;  ///< the strong ones: no other counts for a change
};
/// A bare tag without quotes counts here, too.
TagField read_tag_field(const Headers& headers, std::string_view name);

/// Whether `Range` may be honoured: `If-Range` is absent or is exactly `current`.
/// A date never is, since nothing here has a Last-Modified.
bool if_range_passes(const Headers& headers, std::string_view current);

}  // namespace shale::http
