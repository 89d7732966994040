#include "server/http/request_target.h"

#include <cstddef>

#include "server/http/grammar.h"
#include "server/http/uri.h"

namespace shale::http {
namespace {

bool escapes_are_whole(std::string_view text) noexcept {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) {
      return false;
    }
  }
  return true;
}

/// Cuts `http://` or `https://` off, if one is there.
bool take_scheme(std::string_view& target) noexcept {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      target.remove_prefix(scheme.size());
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<RequestTarget> split_target(std::string_view method, std::string_view target) {
  if (method == "CONNECT" || !escapes_are_whole(target)) return std::nullopt;
  if (target == "*") {
    if (method != "OPTIONS") return std::nullopt;
    return RequestTarget{.path = target, .query = {}, .authority = {}};
  }

  RequestTarget parts;
  if (target.substr(0, 1) != "/") {
    if (!take_scheme(target)) return std::nullopt;
    parts.authority = target.substr(0, target.find_first_of("/?"));
    if (parts.authority.empty() || !is_authority(parts.authority)) return std::nullopt;
    target.remove_prefix(parts.authority.size());
  }
  // Brackets are no path characters; they may stand around an IPv6 host only.
  if (target.find_first_of("[]") != std::string_view::npos) return std::nullopt;

  const std::size_t mark = target.find('?');
  parts.path = target.substr(0, mark);
  if (mark != std::string_view::npos) parts.query = target.substr(mark + 1);
  if (parts.path.empty()) {
    // RFC 9112, section 3.2.4: OPTIONS of a bare authority means the server itself.
    parts.path = method == "OPTIONS" && mark == std::string_view::npos ? "*" : "/";
  }
  return parts;
}

}  // namespace shale::http
