#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "blobstore/result.h"
#include "server/http/message.h"
#include "server/http/refusal.h"

namespace shale::api {

/// How an error looks to a client: OCI distribution-spec, "Error Codes".
struct WireError {
  int status;
  std::string_view code;
  std::string_view text;  ///< what was wrong and what to do
};

/// To those who administer a part of the registry, or nothing.
inline constexpr WireError kForAdministrators{403, "DENIED",
                                              "this is for whoever administers the whole registry"};

/// The one table from errors to the wire.
WireError wire_error(Errc code) noexcept;
/// The same for what failed as HTTP.
WireError wire_error(http::Refusal refusal) noexcept;

/// The OCI error body, one element for each detail and at least one. The
/// error's own message goes to the log.
http::Response error_response(const Error& error);
http::Response error_response(const WireError& error, const std::vector<std::string>& details = {});

}  // namespace shale::api
