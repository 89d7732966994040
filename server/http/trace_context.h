#pragma once

#include <optional>
#include <string_view>

namespace shale::http {

/// Where a request belongs in somebody's trace. Points into the field that it was read from.
struct TraceContext {
  std::string_view trace_id;   ///< 32 hexadecimal digits
  std::string_view parent_id;  ///< 16 of them
};

/// Reads a `traceparent` field (W3C Trace Context, section 3.2). None for what is malformed,
/// which is to be treated as if it had not come.
std::optional<TraceContext> parse_traceparent(std::string_view field) noexcept;

}  // namespace shale::http
