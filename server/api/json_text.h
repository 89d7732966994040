#pragma once

#include <string>

#include "auth/identity.h"
#include "server/http/message.h"

namespace shale::api {

/// An answer with JSON in it that is no list and no manifest.
http::Response json_response(std::string json);

/// RFC 3339, in UTC, to the second.
std::string format_time(auth::Time time);

}  // namespace shale::api
