#pragma once

#include <string>
#include <variant>

#include "auth/authenticator.h"
#include "server/http/message.h"

namespace shale::api {

struct NoCredentials {};
/// An Authorization field that says nothing that could be checked.
struct BadCredentials {};
struct BearerToken {
  std::string token;
};

using Credentials = std::variant<NoCredentials, BadCredentials, auth::PasswordClaim, BearerToken>;

/// Reads the Authorization field (RFC 7617, RFC 6750). More than one is bad. An empty
/// user with an empty password is nobody: containers/image sends that for "not logged in".
Credentials read_credentials(const http::Headers& headers);

}  // namespace shale::api
