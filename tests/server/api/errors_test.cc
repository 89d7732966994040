#include "server/api/errors.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/api/routes.h"
#include "server/api/warning.h"

namespace shale::api {
namespace {

using Json = nlohmann::json;

Json body_of(const http::Response& response) {
  REQUIRE(response.body.size() == 1);
  return Json::parse(std::get<std::string>(response.body.front()));
}

TEST_CASE("Errors: each code has its place on the wire") {
  struct Row {
    Errc code;
    int status;
    std::string_view wire;
  };
  for (const Row& row : {Row{Errc::kNameInvalid, 400, "NAME_INVALID"},
                         Row{Errc::kNameUnknown, 404, "NAME_UNKNOWN"},
                         Row{Errc::kTagInvalid, 400, "NAME_INVALID"},
                         Row{Errc::kDigestInvalid, 400, "DIGEST_INVALID"},
                         Row{Errc::kDigestUnsupported, 400, "DIGEST_INVALID"},
                         Row{Errc::kDigestMismatch, 400, "DIGEST_INVALID"},
                         Row{Errc::kSizeMismatch, 400, "SIZE_INVALID"},
                         Row{Errc::kBlobUnknown, 404, "BLOB_UNKNOWN"},
                         Row{Errc::kBlobReferenced, 405, "UNSUPPORTED"},
                         Row{Errc::kUploadUnknown, 404, "BLOB_UPLOAD_UNKNOWN"},
                         Row{Errc::kUploadRange, 416, "BLOB_UPLOAD_INVALID"},
                         Row{Errc::kUploadBusy, 409, "BLOB_UPLOAD_INVALID"},
                         Row{Errc::kManifestUnknown, 404, "MANIFEST_UNKNOWN"},
                         Row{Errc::kManifestInvalid, 400, "MANIFEST_INVALID"},
                         Row{Errc::kManifestTooLarge, 413, "MANIFEST_INVALID"},
                         Row{Errc::kManifestBlobUnknown, 400, "MANIFEST_BLOB_UNKNOWN"},
                         Row{Errc::kTooManyTags, 414, "MANIFEST_INVALID"},
                         Row{Errc::kTagExists, 403, "DENIED"},
                         Row{Errc::kPageInvalid, 400, "UNSUPPORTED"},
                         Row{Errc::kRangeUnsatisfiable, 416, "UNSUPPORTED"},
                         Row{Errc::kDisabled, 405, "UNSUPPORTED"},
                         Row{Errc::kReadOnly, 403, "DENIED"},
                         Row{Errc::kNoSpace, 507, "DENIED"},
                         Row{Errc::kUnavailable, 503, "UNAVAILABLE"},
                         Row{Errc::kInvalidArgument, 400, "UNSUPPORTED"},
                         Row{Errc::kCorrupt, 500, "UNKNOWN"},
                         Row{Errc::kIo, 500, "UNKNOWN"}}) {
    const WireError error = wire_error(row.code);
    CAPTURE(row.wire);
    CHECK(error.status == row.status);
    CHECK(error.code == row.wire);
    CHECK_FALSE(error.text.empty());
  }
}

TEST_CASE("Errors: a refusal as HTTP keeps its status") {
  CHECK(wire_error(http::Refusal::kBodyTooLarge).code == "SIZE_INVALID");
  CHECK(wire_error(http::Refusal::kOverloaded).code == "UNAVAILABLE");
  CHECK(wire_error(http::Refusal::kTooManyConnections).code == "UNAVAILABLE");
  CHECK(wire_error(http::Refusal::kInternal).code == "UNKNOWN");
  CHECK(wire_error(http::Refusal::kInternal).status == 500);
  CHECK(wire_error(http::Refusal::kHeadTimeout).status == 408);
  CHECK(wire_error(http::Refusal::kHeadTimeout).code == "UNSUPPORTED");
}

TEST_CASE("Errors: the body has one element for each detail, and the message stays here") {
  const auto response =
      error_response(Error{Errc::kManifestBlobUnknown, "secret cause", {"one", "two"}});
  CHECK(response.status == 400);
  CHECK(response.log_message == "secret cause");
  CHECK(*response.headers.find("Content-Type") == "application/json");
  const Json errors = body_of(response)["errors"];
  REQUIRE(errors.size() == 2);
  CHECK(errors[0]["code"] == "MANIFEST_BLOB_UNKNOWN");
  CHECK(errors[0]["detail"] == "one");
  CHECK(errors[1]["detail"] == "two");
  CHECK(errors.dump().find("secret") == std::string::npos);
}

TEST_CASE("Errors: who met a busy registry is told when to come back") {
  CHECK(error_response(wire_error(http::Refusal::kOverloaded)).headers.find("Retry-After"));
  CHECK(error_response(Error{Errc::kUnavailable, ""}).headers.find("Retry-After"));
  CHECK_FALSE(error_response(Error{Errc::kIo, ""}).headers.find("Retry-After"));
}

TEST_CASE("Errors: without details there is still one element") {
  const Json errors = body_of(error_response(Error{Errc::kIo, "disk on fire"}))["errors"];
  REQUIRE(errors.size() == 1);
  CHECK(errors[0]["code"] == "UNKNOWN");
  CHECK_FALSE(errors[0].contains("detail"));
}

TEST_CASE("Errors: a detail that is no UTF-8 is still JSON") {
  const Json errors =
      body_of(error_response(Error{Errc::kNameInvalid, "", {"a\xFF\"\n\x01"}}))["errors"];
  CHECK(errors[0]["detail"] == "a\uFFFD\"\n\x01");
}

TEST_CASE("Warning: quotes what would end it") {
  http::Headers headers;
  add_warning(headers, R"(say "no" to \)");
  CHECK(*headers.find("Warning") == R"(299 - "say \"no\" to \\")");
}

TEST_CASE("Routes: no method of a resource is there twice, and GET never without HEAD") {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Route& route : routes()) {
    CHECK(seen.emplace(http::method_name(route.method), route.pattern).second);
    CHECK(find_route(route.method, route.resource) == &route);
    if (route.method == http::Method::kGet) {
      CHECK(find_route(http::Method::kHead, route.resource) != nullptr);
    }
  }
  CHECK(find_route(http::Method::kOther, Resource::kBase) == nullptr);
}

}  // namespace
}  // namespace shale::api
