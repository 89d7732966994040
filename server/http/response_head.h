#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace shale::http {

/// The bytes before the body: status line, fields and the empty line.
///
/// Content-Length, Connection and Date are written here and must not be among
/// the response's own fields, nor may Transfer-Encoding: every length is known.
/// A 204 or 304 must have no body; a 204 gets no Content-Length, and a 304 only
/// the one in `content_length`. `keep_alive` is what the connection has decided,
/// and `response.close` overrules it. `date` is an IMF-fixdate, or empty for none.
///
/// Field names are ours and must be tokens. Values may come from a client, so
/// what could begin a line of its own is turned into spaces.
std::string serialize_head(const Response& response, bool keep_alive, int request_minor,
                           std::string_view date);

/// "Unknown" for a status without a name.
std::string_view reason_phrase(int status) noexcept;

/// IMF-fixdate, as in `Sun, 06 Nov 1994 08:49:37 GMT`. For years 0 to 9999.
std::string http_date(std::time_t time);

}  // namespace shale::http
