#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shale::auth {

/// RFC 4648, section 4, with padding. None for what is not exactly that: other
/// characters, wrong padding, or bits set behind the last byte.
std::optional<std::string> decode_base64(std::string_view text);

/// RFC 4648, section 5, without padding, as in tokens. As strict.
std::optional<std::string> decode_base64url(std::string_view text);
std::string encode_base64url(std::string_view bytes);

}  // namespace shale::auth
