#pragma once

// What the texts of settings must be, where that is no number and no word of a few. Private to
// the table in settings.cc.

#include <string>
#include <string_view>

#include "server/config/parsed.h"

namespace shale::config {

Parsed<std::string> parse_path(std::string_view text);
Parsed<std::string> parse_file(std::string_view text);
Parsed<std::string> parse_optional_path(std::string_view text);

/// Only scheme, host and port: the protocol puts /v2/ right behind the host, so
/// no path can come between. May be empty.
Parsed<std::string> parse_external_url(std::string_view text);

/// Who reads the metrics.
Parsed<std::string> parse_reader(std::string_view text);

/// `server.insecure`.
Parsed<std::string> parse_insecure(std::string_view text);

/// What may stand between quotes in a challenge. The OCI conformance suite takes the
/// last word `basic` or `bearer` in it for the scheme.
Parsed<std::string> parse_realm(std::string_view text);

/// A realm, or nothing.
Parsed<std::string> parse_service(std::string_view text);
Parsed<std::string> parse_issuer(std::string_view text);

/// Any address that may stand between quotes in a challenge. May be empty.
Parsed<std::string> parse_token_realm(std::string_view text);

}  // namespace shale::config
