#include <cstddef>
#include <span>
#include <string>

#include "blobstore/digest.h"
#include "openapi/document.h"
#include "server/api/handlers.h"
#include "server/http/etag.h"

namespace shale::api {
namespace {

/// Never changes while the program runs.
const std::string& digest() {
  static const std::string digest =
      Digest::of(Algorithm::kSha256, std::as_bytes(std::span(openapi::document()))).str();
  return digest;
}

}  // namespace

/// Open to everybody: it says what every Shale of this version can be asked, and nothing of
/// this one.
Result<http::Response> get_contract(const Call& call) {
  http::Response response;
  response.headers.add("Content-Type", "application/yaml");
  response.headers.add("ETag", http::quoted_etag(digest()));
  // Asked again each time, so that nobody reads the contract of the version before.
  response.headers.add("Cache-Control", "no-cache");
  if (http::if_none_match_passes(call.request.headers, digest())) {
    response.body.emplace_back(std::string(openapi::document()));
  } else {
    response.status = 304;
    response.content_length = openapi::document().size();
  }
  return response;
}

}  // namespace shale::api
