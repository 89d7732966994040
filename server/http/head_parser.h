#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <variant>

#include "server/http/message.h"
#include "server/http/refusal.h"

namespace shale::http {

struct HeadLimits {
  std::size_t bytes = 32768;        ///< request line and fields together
  std::size_t target_bytes = 8192;  ///< the request target alone
  std::size_t fields = 100;
};

struct NeedMore {};

/// A whole head: the request, and how many bytes of the input it took.
struct ParsedHead {
  Request request;
  std::size_t consumed = 0;
};

/// Parses the request head at the start of `bytes`. Stateless, so that a head in
/// one piece, which is nearly every one, costs no copy; the caller keeps what
/// came of an unfinished head and calls again with more, which the limits bound.
/// Strict: RFC 9112 with no leniency (bare LF, obs-fold, blanks before the colon,
/// control characters, differing lengths are all refused). Empty lines before
/// the request line are skipped (RFC 9112, section 2.2).
std::variant<NeedMore, ParsedHead, Refusal> parse_head(std::string_view bytes,
                                                       const HeadLimits& limits);

}  // namespace shale::http
