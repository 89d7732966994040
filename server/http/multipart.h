#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"
#include "server/http/range.h"

namespace shale::http {

/// `bytes <first>-<last>/<size>`
std::string content_range(const ByteRange& range, std::uint64_t size);

/// `bytes */<size>`, for a 416.
std::string unsatisfied_content_range(std::uint64_t size);

/// The stretch of `whole` that `range` names, which must lie inside. A file
/// slice shares the owner, a string is copied.
BodyPiece cut(const BodyPiece& whole, const ByteRange& range);

/// The body of a `multipart/byteranges` answer (RFC 9110, section 14.6): each
/// range of `whole` under its own head. `boundary` is 1 to 70 alphanumerics that
/// do not occur in the bytes; random ones are the caller's business.
std::vector<BodyPiece> multipart_byteranges(const BodyPiece& whole, std::string_view media_type,
                                            std::span<const ByteRange> ranges,
                                            std::string_view boundary);

/// Turns a 200 to a GET, with at most one body piece, into what `range_field`
/// asks for: a 206 with one part, a 206 with several, or, when the field is to be
/// ignored, the 200 that it was. False, with `response` untouched, when no such
/// bytes exist: answer 416 with `unsatisfied_content_range`.
bool apply_range(Response& response, std::string_view range_field, std::string_view boundary);

}  // namespace shale::http
