#include "server/api/errors.h"

#include <nlohmann/json.hpp>

namespace shale::api {
namespace {

using Json = nlohmann::ordered_json;

/// Seconds after which a client that met a busy registry may come back.
constexpr const char* kRetryAfter = "1";

Json element(const WireError& error, const std::string* detail) {
  Json json{{"code", error.code}, {"message", error.text}};
  if (detail != nullptr) json["detail"] = *detail;
  return json;
}

/// The spec's codes are about content, so most of what is wrong with a request as
/// HTTP has to go under the one for what a registry does not do.
std::string_view code_of(http::Refusal refusal) noexcept {
  switch (refusal) {
    case http::Refusal::kMalformedHead:
    case http::Refusal::kMalformedTarget:
    case http::Refusal::kMalformedBody:
    case http::Refusal::kConflictingLength:
    case http::Refusal::kUnsupportedCoding:
    case http::Refusal::kMissingHost:
    case http::Refusal::kUnsupportedVersion:
    case http::Refusal::kTargetTooLong:
    case http::Refusal::kHeadTooLarge:
    case http::Refusal::kExpectationUnknown:
    case http::Refusal::kHeadTimeout:
    case http::Refusal::kBodyTimeout:
    case http::Refusal::kTlsOnly:
      return "UNSUPPORTED";
    case http::Refusal::kBodyTooLarge:
      return "SIZE_INVALID";
    case http::Refusal::kTooManyConnections:
    case http::Refusal::kOverloaded:
      return "UNAVAILABLE";
    case http::Refusal::kInternal:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

}  // namespace

WireError wire_error(Errc code) noexcept {
  switch (code) {
    case Errc::kNameInvalid:
      return {400, "NAME_INVALID", "the repository name is not valid"};
    case Errc::kNameUnknown:
      return {404, "NAME_UNKNOWN", "there is no such repository"};
    case Errc::kTagInvalid:
      return {400, "NAME_INVALID", "the tag is not valid"};
    case Errc::kDigestInvalid:
      return {400, "DIGEST_INVALID", "the digest is missing or malformed"};
    case Errc::kDigestUnsupported:
      return {400, "DIGEST_INVALID", "the digest algorithm is not supported: use sha256 or sha512"};
    case Errc::kDigestMismatch:
      return {400, "DIGEST_INVALID", "the content does not match the digest"};
    case Errc::kSizeMismatch:
      return {400, "SIZE_INVALID", "the length of the content is not the one announced"};
    case Errc::kBlobUnknown:
      return {404, "BLOB_UNKNOWN", "the blob is not in this repository"};
    case Errc::kBlobReferenced:
      return {405, "UNSUPPORTED", "a manifest still needs the blob: delete the manifest first"};
    case Errc::kUploadUnknown:
      return {404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload: begin a new one"};
    case Errc::kUploadRange:
      return {416, "BLOB_UPLOAD_INVALID", "the chunk does not begin where the upload ends"};
    case Errc::kUploadBusy:
      return {409, "BLOB_UPLOAD_INVALID", "another request is writing to this upload"};
    case Errc::kManifestUnknown:
      return {404, "MANIFEST_UNKNOWN", "the manifest is not in this repository"};
    case Errc::kManifestInvalid:
      return {400, "MANIFEST_INVALID", "the manifest is not valid"};
    case Errc::kManifestTooLarge:
      return {413, "MANIFEST_INVALID", "the manifest is too large"};
    case Errc::kManifestBlobUnknown:
      return {400, "MANIFEST_BLOB_UNKNOWN",
              "the manifest refers to content that is not in this repository: push that first"};
    case Errc::kTooManyTags:
      return {414, "MANIFEST_INVALID", "too many tags for one push"};
    case Errc::kTagExists:
      return {403, "DENIED", "the tag exists, and you may not move it: push under another tag"};
    case Errc::kTagImmutable:
      return {403, "DENIED", "a rule says that the tag never moves: push under another tag"};
    case Errc::kConditionFailed:
      return {412, "DENIED", "the condition of the request does not hold: look at the tag again"};
    case Errc::kQuotaExceeded:
      return {403, "DENIED", "the namespace is full: delete something, or ask for a larger quota"};
    case Errc::kPageInvalid:
      return {400, "UNSUPPORTED", "the page size must be a number that is not negative"};
    case Errc::kRangeUnsatisfiable:
      return {416, "UNSUPPORTED", "the range is not within the blob"};
    case Errc::kDisabled:
      return {405, "UNSUPPORTED", "this registry has the operation switched off"};
    case Errc::kReadOnly:
      return {403, "DENIED",
              "the registry is read-only for now: ask its operator, or try again later"};
    case Errc::kNoSpace:
      return {507, "DENIED", "the registry is out of disk space: ask its operator to free some"};
    case Errc::kUnavailable:
      return {503, "UNAVAILABLE", "the registry cannot do this now: try again later"};
    case Errc::kInvalidArgument:
      return {400, "UNSUPPORTED", "the request is not valid"};
    case Errc::kCorrupt:
    case Errc::kIo:
      return {500, "UNKNOWN", "the registry failed: its log has the cause under this request's id"};
  }
  return {500, "UNKNOWN", "unknown error"};
}

WireError wire_error(http::Refusal refusal) noexcept {
  return {http::status_of(refusal), code_of(refusal), http::text_of(refusal)};
}

http::Response error_response(const WireError& error, const std::vector<std::string>& details) {
  Json elements = Json::array();
  for (const std::string& detail : details)
    elements.push_back(element(error, &detail));
  if (elements.empty()) elements.push_back(element(error, nullptr));

  http::Response response;
  response.status = error.status;
  response.headers.add("Content-Type", "application/json");
  if (error.status == 503) response.headers.add("Retry-After", kRetryAfter);
  response.body.emplace_back(
      Json{{"errors", std::move(elements)}}.dump(-1, ' ', false, Json::error_handler_t::replace));
  return response;
}

http::Response error_response(const Error& error) {
  WireError wire = wire_error(error.code);
  std::string told;
  if (error.code == Errc::kQuotaExceeded && !error.details.empty()) {
    // skopeo and podman show no detail, and without its numbers nobody knows what to do.
    told = error.details.front() + ": delete something, or ask for a larger quota";
    wire.text = told;
  }
  http::Response response = error_response(wire, error.details);
  response.log_message = error.message;
  return response;
}

}  // namespace shale::api
