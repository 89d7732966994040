#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "auth/identity.h"
#include "server/api/errors.h"
#include "server/http/message.h"

namespace shale::api {

/// On one line; bytes that are no UTF-8 are replaced, so that this cannot fail.
std::string dump(const nlohmann::ordered_json& json);

/// What is wrong with something that the client wrote, in words for them.
Error invalid(const std::string& words);

/// An answer with JSON in it that is no list and no manifest.
http::Response json_response(std::string json);

/// Whether the body says that it is JSON. No form of a web page can send that type, so no
/// page makes a browser ask for what needs it.
bool is_json(const http::Request& request);
inline constexpr WireError kNotJson{415, "UNSUPPORTED", "the body must be application/json"};

/// RFC 3339, in UTC, to the second.
std::string format_time(auth::Time time);

}  // namespace shale::api
