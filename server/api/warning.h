#pragma once

#include <string_view>

#include "server/http/message.h"

namespace shale::api {

/// Adds `Warning: 299 - "<text>"`, which clients show to their user
/// (distribution-spec, "Warnings"). `text` is printable ASCII.
void add_warning(http::Headers& headers, std::string_view text);

}  // namespace shale::api
