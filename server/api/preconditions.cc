#include "server/api/preconditions.h"

#include <string>
#include <utility>

#include "server/api/json_text.h"
#include "server/http/etag.h"
#include "server/http/timestamp.h"

namespace shale::api {

using index::Condition;

Result<Condition> condition_of(const http::Headers& headers) {
  const http::TagField match = http::read_tag_field(headers, "If-Match");
  const http::TagField none_match = http::read_tag_field(headers, "If-None-Match");
  if (match.there && none_match.there) return invalid("If-Match and If-None-Match at once");
  if (none_match.there) {
    if (none_match.any && !none_match.malformed && none_match.tags.empty()) {
      return Condition{Condition::Kind::kAbsent, {}};
    }
    return invalid("If-None-Match must be *: that there is none yet");
  }
  if (!match.there) return Condition{};
  if (match.malformed || (match.any && !match.tags.empty())) {
    return invalid("If-Match must be * or digests in double quotes, with commas between them");
  }
  if (match.any) return Condition{Condition::Kind::kPresent, {}};
  Condition condition{Condition::Kind::kIsOneOf, {}};
  for (const std::string& tag : match.tags) {
    // What is no digest is the tag of nothing that there can be.
    if (const auto digest = Digest::parse(tag)) condition.digests.push_back(*digest);
  }
  return condition;
}

Result<Time> read_time(std::string_view text, std::string_view what) {
  if (const auto time = http::parse_timestamp(text)) return Time(*time);
  return invalid(std::string(what) + " must be a time of RFC 3339, such as 2026-11-01T00:00:00Z");
}

Result<std::optional<Time>> as_of(const http::Headers& headers) {
  const auto lines = headers.find_all(kAsOf);
  if (lines.empty()) return std::optional<Time>();
  if (lines.size() > 1) return invalid("there is more than one " + std::string(kAsOf));
  SHALE_TRY_ASSIGN(const Time time, read_time(lines.front(), kAsOf));
  return std::optional(time);
}

}  // namespace shale::api
