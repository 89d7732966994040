#include "server/http/trace_context.h"

#include <algorithm>

namespace shale::http {
namespace {

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && std::ranges::any_of(text, [](char c) { return c != '0'; });
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view field) noexcept {
  constexpr std::size_t kLength = 55;  // 00-<32>-<16>-<2>
  if (field.size() < kLength) return std::nullopt;
  const std::string_view version = field.substr(0, 2);
  if (!is_hex(version) || version == "ff") return std::nullopt;
  // Later versions may say more behind what this one knows.
  if (version == "00" && field.size() != kLength) return std::nullopt;
  if (field.size() > kLength && field[kLength] != '-') return std::nullopt;
  if (field[2] != '-' || field[35] != '-' || field[52] != '-') return std::nullopt;
  const TraceContext context{.trace_id = field.substr(3, 32), .parent_id = field.substr(36, 16)};
  if (!is_id(context.trace_id) || !is_id(context.parent_id)) return std::nullopt;
  if (!is_hex(field.substr(53, 2))) return std::nullopt;
  return context;
}

}  // namespace shale::http
