#include "server/api/blob_body.h"
#include "server/api/errors.h"
#include "server/api/handlers.h"
#include "server/http/etag.h"
#include "server/http/multipart.h"

namespace shale::api {
namespace {

constexpr std::string_view kBlobType = "application/octet-stream";

/// What every answer about a blob says; immutable, so caches may keep it for good.
http::Response blob_response(const index::BlobLink& link) {
  http::Response response;
  const std::string digest = link.digest.str();
  response.headers.add("Content-Type", std::string(kBlobType));
  response.headers.add("Docker-Content-Digest", digest);
  response.headers.add("ETag", http::quoted_etag(digest));
  response.headers.add("Accept-Ranges", "bytes");
  response.headers.add("Cache-Control", "max-age=31536000, immutable");
  return response;
}

/// Separates the parts of an answer; unguessable, so that no blob can hold it.
std::string fresh_boundary() {
  std::string boundary = UploadId::random().str();
  std::erase(boundary, '-');
  return boundary;
}

bool client_has(const Call& call, const http::Response& response) {
  return !http::if_none_match_passes(call.request.headers,
                                     response.headers.find("Docker-Content-Digest"));
}

}  // namespace

Result<http::Response> head_blob(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto digest, call.digest());
  SHALE_TRY_ASSIGN(const auto link, call.registry.stat_blob(repository, digest));
  http::Response response = blob_response(link);
  response.content_length = link.size;
  if (client_has(call, response)) response.status = 304;
  return response;
}

Result<http::Response> get_blob(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto digest, call.digest());
  SHALE_TRY_ASSIGN(const auto open, call.registry.open_blob(repository, digest));
  http::Response response = blob_response(open.link);
  if (client_has(call, response)) {
    response.status = 304;
    response.content_length = open.link.size;
    return response;
  }
  SHALE_TRY_ASSIGN(auto piece, blob_piece(open.blob, open.link.size));
  response.body.push_back(std::move(piece));

  const auto range = call.request.headers.find("Range");
  if (!range || !http::if_range_passes(call.request.headers, digest.str())) return response;
  if (!http::apply_range(response, *range, fresh_boundary())) {
    response = error_response(wire_error(Errc::kRangeUnsatisfiable));
    response.headers.add("Content-Range", http::unsatisfied_content_range(open.link.size));
  }
  return response;
}

Result<http::Response> delete_blob(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto digest, call.digest());
  SHALE_TRY(call.registry.delete_blob(repository, digest));
  http::Response response;
  response.status = 202;
  return response;
}

}  // namespace shale::api
