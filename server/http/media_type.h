#pragma once

#include <optional>
#include <string_view>

namespace shale::http {

/// The `type/subtype` of a Content-Type, as sent and without parameters; a view
/// into `field`. None when it is not two tokens around a slash. The parameters
/// are ignored, whatever they look like.
std::optional<std::string_view> media_type_of(std::string_view field) noexcept;

/// Media types compare without case (RFC 9110, section 8.3.1).
bool same_media_type(std::string_view left, std::string_view right) noexcept;

}  // namespace shale::http
