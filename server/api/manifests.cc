#include "server/api/guard.h"
#include "server/api/handlers.h"
#include "server/api/preconditions.h"
#include "server/api/warning.h"
#include "server/http/etag.h"

namespace shale::api {
namespace {

/// The reference at the end of the path. A tag that cannot exist is unknown
/// rather than malformed: the conformance suite asks for 404.
Result<index::Reference> existing_reference(const Call& call) {
  auto reference = index::parse_reference(call.target.item);
  if (!reference && reference.error().code == Errc::kTagInvalid) {
    return Error{Errc::kManifestUnknown, reference.error().message, reference.error().details};
  }
  return reference;
}

http::Response manifest_response(const index::Descriptor& descriptor) {
  http::Response response;
  const std::string digest = descriptor.digest.str();
  response.headers.add("Content-Type", descriptor.media_type);
  response.headers.add("Docker-Content-Digest", digest);
  response.headers.add("ETag", http::quoted_etag(digest));
  response.content_length = descriptor.size;
  return response;
}

bool client_has(const Call& call, const http::Response& response) {
  return !http::if_none_match_passes(call.request.headers,
                                     response.headers.find("Docker-Content-Digest"));
}

/// The reference that a pull means: with `Shale-As-Of`, what the tag named then. A digest
/// names the same at all times.
Result<index::Reference> asked_reference(const Call& call,
                                         const index::RepositoryName& repository) {
  SHALE_TRY_ASSIGN(auto reference, existing_reference(call));
  SHALE_TRY_ASSIGN(const auto at, as_of(call.request.headers));
  const auto* tag = std::get_if<index::Tag>(&reference);
  if (!at || tag == nullptr) return reference;
  SHALE_TRY_ASSIGN(const Digest digest, call.registry.past().manifest_at({repository, *tag}, *at));
  return index::Reference(digest);
}

}  // namespace

Result<http::Response> head_manifest(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto reference, asked_reference(call, repository));
  SHALE_TRY_ASSIGN(const auto found, call.registry.stat_manifest(repository, reference));
  http::Response response = manifest_response(found);
  if (client_has(call, response)) response.status = 304;
  return response;
}

Result<http::Response> get_manifest(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto reference, asked_reference(call, repository));
  SHALE_TRY_ASSIGN(auto found, call.registry.read_manifest(repository, reference));
  http::Response response = manifest_response(found.descriptor);
  if (client_has(call, response)) {
    response.status = 304;
  } else {
    response.body.emplace_back(std::move(found.bytes));
  }
  return response;
}

Result<http::Response> put_manifest(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto reference, index::parse_reference(call.target.item));
  std::vector<index::Tag> tags;
  for (const std::string_view text : call.query.find_all("tag")) {
    SHALE_TRY_ASSIGN(auto tag, index::Tag::parse(text));
    tags.push_back(std::move(tag));
  }
  SHALE_TRY_ASSIGN(auto condition, condition_of(call.request.headers));
  const std::string_view content_type = call.request.headers.find("Content-Type").value_or("");
  auto result = call.registry.push_manifest({.repository = repository,
                                             .reference = reference,
                                             .tags = std::move(tags),
                                             .content_type = content_type,
                                             .bytes = call.request.body,
                                             .actor = call.actor(),
                                             .tag_moves = call.tag_moves(repository),
                                             .condition = std::move(condition)});
  if (!result && result.error().code == Errc::kTagExists && call.guard != nullptr) {
    call.guard->note_overwrite_refused(*call.caller, call.request, repository.str());
  }
  SHALE_TRY_ASSIGN(const auto pushed, std::move(result));

  http::Response response;
  response.status = 201;
  const std::string digest = pushed.digest.str();
  response.headers.add("Location", call.location(manifest_path(repository, digest)));
  response.headers.add("Docker-Content-Digest", digest);
  response.headers.add("ETag", http::quoted_etag(digest));
  if (call.query.find("tag")) {
    for (const index::Tag& tag : pushed.tags)
      response.headers.add("OCI-Tag", tag.str());
  }
  if (pushed.subject) {
    response.headers.add("OCI-Subject", pushed.subject->str());
    if (!call.registry.stat_manifest(repository, *pushed.subject)) {
      add_warning(response.headers,
                  "the subject " + pushed.subject->str() + " is not in this repository yet");
    }
  }
  return response;
}

Result<http::Response> delete_manifest(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(const auto reference, existing_reference(call));
  SHALE_TRY_ASSIGN(auto condition, condition_of(call.request.headers));
  SHALE_TRY(
      call.registry.delete_manifest(repository, reference, {call.actor(), std::move(condition)}));
  http::Response response;
  response.status = 202;
  return response;
}

}  // namespace shale::api
