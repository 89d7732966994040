#include "server/api/credentials.h"

#include <doctest/doctest.h>

namespace shale::api {
namespace {

Credentials read(std::string value) {
  http::Headers headers;
  headers.add("Authorization", std::move(value));
  return read_credentials(headers);
}

TEST_CASE("Credentials: a name and a password, the scheme in any case") {
  for (const char* value :
       {"Basic YWxpY2U6c2VjcmV0", "basic YWxpY2U6c2VjcmV0", "BASIC  YWxpY2U6c2VjcmV0"}) {
    const auto credentials = read(value);
    REQUIRE(std::holds_alternative<auth::PasswordClaim>(credentials));
    CHECK(std::get<auth::PasswordClaim>(credentials).user == "alice");
    CHECK(std::get<auth::PasswordClaim>(credentials).password == "secret");
  }
  // a:b:c
  CHECK(std::get<auth::PasswordClaim>(read("Basic YTpiOmM=")).password == "b:c");
}

TEST_CASE("Credentials: no field, or nobody's name, is nobody") {
  CHECK(std::holds_alternative<NoCredentials>(read_credentials({})));
  CHECK(std::holds_alternative<NoCredentials>(read("Basic Og==")));
}

TEST_CASE("Credentials: a token is taken as it is") {
  const auto credentials = read("Bearer a.b.c");
  REQUIRE(std::holds_alternative<BearerToken>(credentials));
  CHECK(std::get<BearerToken>(credentials).token == "a.b.c");
}

TEST_CASE("Credentials: what says nothing that could be checked is bad") {
  for (const std::string& value :
       {std::string(), std::string("Basic"), std::string("Basic "), std::string("Bearer"),
        std::string("Bearer "), std::string("Digest x"), std::string("Basic YWxpY2U"),
        std::string("Basic YWxpY2U6c2VjcmV0=="), std::string("Basic !!!!"),
        std::string("Basic YWxpY2U="), std::string(20'000, 'A'),
        "Basic " + std::string(20'001, 'A'), std::string("Basic YWxpY2U6c2VjcmV0 x")}) {
    CAPTURE(value.substr(0, 40));
    CHECK(std::holds_alternative<BadCredentials>(read(value)));
  }
  http::Headers twice;
  twice.add("Authorization", "Basic YWxpY2U6c2VjcmV0");
  twice.add("authorization", "Basic YWxpY2U6c2VjcmV0");
  CHECK(std::holds_alternative<BadCredentials>(read_credentials(twice)));
}

}  // namespace
}  // namespace shale::api
