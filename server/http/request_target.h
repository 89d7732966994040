#pragma once

#include <optional>
#include <string_view>

namespace shale::http {

/// The parts of a request target, as views into it.
struct RequestTarget {
  std::string_view path;       ///< begins with '/', or is "*"
  std::string_view query;      ///< without the '?'
  std::string_view authority;  ///< of the absolute form; else empty
};

/// Splits the request target of a `method` request (RFC 9112, section 3.2).
/// None for the authority form and anything else that CONNECT asks for, `*` on
/// a method other than OPTIONS, a scheme other than http and https, user
/// information, a fragment, or an escape that is not two hexadecimal digits.
std::optional<RequestTarget> split_target(std::string_view method, std::string_view target);

}  // namespace shale::http
